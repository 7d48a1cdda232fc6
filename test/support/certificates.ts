import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import forge from 'node-forge'
import { createFolder } from './service-process.ts'

const DAY_MS = 86_400_000

/** A certificate authority; `file` is its own certificate, for clients to trust. Everything is a PEM file, valid from today. */
export function createAuthority(name: string) {
  const folder = createFolder()
  const own = createCertificate(name, { name: 'basicConstraints', cA: true })
  const write = (file: string, pem: string) => {
    writeFileSync(join(folder, file), pem)
    return join(folder, file)
  }
  return {
    file: write('authority.pem', own.pem),
    /** The key and certificate of a server at a host. */
    issue: (ip: string) => {
      const { key, pem } = createCertificate(ip, { name: 'subjectAltName', altNames: [{ type: 7, ip }] }, own)
      return { key: write(`${ip}.key`, key), certificate: write(`${ip}.pem`, pem) }
    },
  }
}

type Issuer = { readonly name: string; readonly key: string }

/** A certificate signed by its issuer, or by itself. */
function createCertificate(name: string, extension: object, issuer?: Issuer) {
  const { publicKey, privateKey: key } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS)
  certificate.validity.notAfter = new Date(Date.now() + DAY_MS)
  certificate.setSubject([{ name: 'commonName', value: name }])
  certificate.setIssuer([{ name: 'commonName', value: issuer?.name ?? name }])
  certificate.setExtensions([extension])
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? key), forge.md.sha256.create())
  return { name, key, pem: forge.pki.certificateToPem(certificate) }
}
