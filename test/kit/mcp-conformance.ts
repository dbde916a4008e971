import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as requestHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
)
const LIMIT_MS = 50_000

export interface Checked {
  /** `SCENARIO CHECK`, for each check that passed. */
  readonly passed: ReadonlySet<string>
  /** The same for those that did not, with what the suite says of them. */
  readonly failed: ReadonlyMap<string, string>
}

/** What the official suite finds of a server, for one revision. @throws when the suite itself does not run */
export async function conformance(url: string, revision: string): Promise<Checked> {
  const directory = mkdtempSync(join(tmpdir(), 'wmc-'))
  try {
    const args = [SUITE, 'server', '--url', url, '--requirements', revision, '-o', directory]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(timer)
    if (code === null) throw new Error(`the suite did not end within ${LIMIT_MS} ms`)
    return found(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

/** A check is told several times where it is made several times; one that failed once has failed. */
function found(directory: string): Checked {
  const passed = new Set<string>()
  const failed = new Map<string, string>()
  for (const folder of readdirSync(directory)) {
    const scenario = folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
    const checks = JSON.parse(readFileSync(join(directory, folder, 'checks.json'), 'utf8')) as Check[]
    for (const { id, status, errorMessage = '' } of checks) {
      if (status === 'SUCCESS') passed.add(`${scenario} ${id}`)
      else if (status === 'FAILURE') failed.set(`${scenario} ${id}`, errorMessage)
    }
  }
  for (const name of failed.keys()) passed.delete(name)
  return { passed, failed }
}

/**
 * The suite knows no tokens. This hands every request on as it came, to the last header field, and adds one.
 *
 * @returns the address to give to the suite
 */
export async function withToken(
  t: { after(fn: () => Promise<void> | void): void },
  target: { readonly port: number; readonly path: string; readonly token: string },
): Promise<string> {
  const server = createServer((request, response) => {
    const own = (server.address() as AddressInfo).port
    // the port is the only thing of it that is another one here
    const headers = request.rawHeaders.map((each, at) =>
      at % 2 === 1 && each.endsWith(`:${own}`) ? each.replace(`:${own}`, `:${target.port}`) : each,
    )
    const onward = requestHttp(
      {
        ...{ host: '127.0.0.1', port: target.port, path: target.path, method: request.method ?? 'GET' },
        headers: [...headers, 'authorization', `Bearer ${target.token}`],
        setHost: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.path}`
}
