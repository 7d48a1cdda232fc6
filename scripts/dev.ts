import { spawn } from 'node:child_process'
import { createServer } from 'vite'

// `npm run dev`: the service starts again when its source changes, the page reloads by itself. One Ctrl-C ends both.

const PORT = process.env['PORT'] ?? '8000'
process.env['SERVICE_URL'] ??= `http://127.0.0.1:${PORT}`

const page = await createServer({ configFile: 'dashboard/vite.config.ts', clearScreen: false })
// Before the service: a port that is taken must not leave one behind.
await page.listen().catch(async (error: Error) => {
  process.stderr.write(`market-data: ${error.message}\n`)
  await page.close()
  process.exit(1)
})
const service = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'src/main.ts', 'serve', '--demo'], {
  stdio: 'inherit',
})
process.stdout.write('The page, reloading as you write:\n')
page.printUrls()

// A terminal sends its Ctrl-C to the service too; whoever else ends us means both.
process.once('SIGTERM', () => service.kill('SIGTERM'))
process.on('SIGINT', () => {})
service.once('exit', (code) => void page.close().finally(() => process.exit(code ?? 0)))
