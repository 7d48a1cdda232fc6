import { spawn } from 'node:child_process'
import { createServer } from 'vite'

// `npm run dev`: restarts the service when its source changes and reloads the dashboard. One Ctrl-C stops both.

const PORT = process.env['PORT'] ?? '8000'
process.env['SERVICE_URL'] ??= `http://127.0.0.1:${PORT}`

const dashboard = await createServer({ configFile: 'dashboard/vite.config.ts', clearScreen: false })
// Before the service, so that a port in use does not leave a service running.
await dashboard.listen().catch(async (error: Error) => {
  process.stderr.write(`market-data: ${error.message}\n`)
  await dashboard.close()
  process.exit(1)
})
const service = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'src/main.ts', 'serve', '--demo'], {
  stdio: 'inherit',
})
process.stdout.write('Dashboard, reloaded on every change:\n')
dashboard.printUrls()

// A terminal sends Ctrl-C to the service as well; any other signal to us is meant for both.
process.once('SIGTERM', () => service.kill('SIGTERM'))
process.on('SIGINT', () => {})
service.once('exit', (code) => void dashboard.close().finally(() => process.exit(code ?? 0)))
