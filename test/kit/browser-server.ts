/**
 * The half of Playwright that drives the browser, in a process of its own: it makes code from strings, which the
 * processes of the tests forbid. Says where it listens, and ends when whoever started it does.
 */
import { chromium } from 'playwright-core'

const server = await chromium.launchServer({
  executablePath: process.argv[2] ?? '',
  args: ['--no-sandbox', ...process.argv.slice(3)],
})
console.log(server.wsEndpoint())
process.stdin.resume().once('close', () => void server.close().then(() => process.exit(0)))
