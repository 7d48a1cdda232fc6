import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const NEW_KEY = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** An authority of a folder, whose certificate comes back as a PEM file. */
export function createAuthority(folder: string, name: string): string {
  openssl(folder, ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`)
  return join(folder, `${name}.pem`)
}

/** Key and certificate of a server at 127.0.0.1 that an authority of the folder vouches for. */
export function createCertificate(folder: string, authority: string) {
  const signed = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-addext', 'subjectAltName=IP:127.0.0.1']
  openssl(folder, ...NEW_KEY, ...signed, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.pem')
  return { key: join(folder, 'server.key'), certificate: join(folder, 'server.pem') }
}

function openssl(folder: string, ...words: string[]): void {
  execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
}
