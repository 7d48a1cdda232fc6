import { brotliCompressSync, constants } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** `npm run dev` starts the service beside the development server, and says where. */
// oxlint-disable-next-line node/no-process-env
const service = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:8000'
const PATHS = /^\/(prices|moving-averages|bars|indicators|providers|symbols|health|version|docs|openapi|raw-responses)/

// Vite asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [brotli()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined: the page's policy lets in files of its own origin and little else.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 5173, strictPort: true, proxy: { [PATHS.source]: { target: service, changeOrigin: false } } },
})

/** The service hands these files out as they are, so they are compressed once, here. */
function brotli(): Plugin {
  return {
    name: 'brotli',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const [fileName, part] of Object.entries(bundle)) {
        const source = part.type === 'chunk' ? part.code : part.source
        const packed = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
        if (source.length >= 1_024) this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: packed })
      }
    },
  }
}
