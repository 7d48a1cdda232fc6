import { statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** The service that `npm run dev` starts beside the development server. */
// oxlint-disable-next-line node/no-process-env
const service = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:8000'

// Vite asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses, so that the pages work under any prefix of a proxy.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined: the page's content security policy allows little but files of its own origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // On a busy machine it would warn in the first start of a newcomer.
      checks: { pluginTimings: false },
      input: { index: join(import.meta.dirname, 'index.html'), docs: join(import.meta.dirname, 'docs.html') },
    },
  },
  server: {
    port: 5173,
    strictPort: true,
    // The service sees the browser's own Host, which has to match the Origin of a write.
    proxy: {
      '/': { target: service, changeOrigin: false, bypass: ({ url = '/' }) => (isOfPage(url) ? url : undefined) },
    },
  },
})

/** Vite's own modules, the document, and the files of this folder. Every other path is the service's. */
function isOfPage(url: string): boolean {
  const path = url.replace(/[?#].*$/, '')
  if (path === '/' || /^\/(@|__)/.test(path)) return true
  return statSync(join(import.meta.dirname, path), { throwIfNoEntry: false })?.isFile() ?? false
}

/**
 * The service sends these files as they are, so they are compressed once, here. Browsers accept Brotli on HTTPS and on
 * loopback only; a phone that opens `http://192.168…` gets gzip.
 */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    generateBundle: {
      // After vite's own changes: the compressed files have to be the final ones.
      order: 'post',
      handler(_, bundle) {
        for (const [fileName, part] of Object.entries(bundle)) {
          const source = part.type === 'chunk' ? part.code : part.source
          if (source.length < 1_024) continue
          const brotli = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
          this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotli })
          this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) })
        }
      },
    },
  }
}
