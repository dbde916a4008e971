import { once } from 'node:events'
import { resolve } from 'node:path'
import { startServe } from '../../enforce/mcp/http/index.ts'
import { isAgentName } from '../../core/principal.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { clientToken } from '../mcp-token.ts'
import { flag, manyArguments, manyOption, option } from '../param.ts'
import { printable } from '../printable.ts'
import { serving } from './mcp-serving.ts'
import { definedOnly } from './running.ts'

const PORT = 8723
/** How large an answer may be is said by policy, and held to by the firewall. */
const MOST_ANSWER_BYTES = 128 * 1024 ** 2
const CLIENT = 'mcp-http'

export const mcpServe = command({
  name: 'mcp serve',
  about: 'serve MCP servers over HTTP, each behind the firewall',
  details: [
    'Serves each of these servers at http://127.0.0.1:PORT/mcp/NAME, to clients on this machine that send a token. A server is started in its sandbox when a client first asks for it, as the policy says under mcp.servers.NAME.command; what may be called of it is what the policy says.',
    'Each client named with --client has a token of its own, in a file only you can read; requests without one hear nothing. It is an agent of that name to the policy and in the record. Pages in a browser are refused unless --origin names them.',
    'It ends at Ctrl-C, and the servers it started with it.',
  ],
  examples: [
    { run: 'warder mcp serve files mail', does: 'two servers, for one client' },
    {
      run: 'warder mcp serve files --client editor --client notes --listen 127.0.0.1:9000',
      does: 'for two clients that are told apart',
    },
  ],
  args: { servers: manyArguments('servers that the policy names', { value: 'SERVER' }) },
  options: {
    listen: option(`where to listen (default: 127.0.0.1:${PORT})`, { value: '127.0.0.1:PORT' }),
    client: manyOption('a client, by the name policy knows it by (default: mcp-http)', { value: 'NAME' }),
    origin: manyOption('a page that may ask', { value: 'ORIGIN' }),
    workspace: option('the directory the servers work in (default: this one)', {
      value: 'DIR',
      completes: 'file',
    }),
    newTokens: flag('make new tokens; the old ones serve no more'),
  },
  exits: ['denied', 'conflict', 'stopped', 'unavailable'],
  handlesInterrupt: true,
  async run({ servers, listen, client: names, origin, workspace, newTokens }, context) {
    const { config, out, cwd, environment, signal } = context
    const port = portOf(listen)
    const tokens = clientsOf(names).map((name) => clientToken(config.values['paths.state'], name, newTokens))
    const host = serving({
      client: await context.client(),
      workspace: resolve(cwd, workspace ?? '.'),
      cwd,
      environment: definedOnly(environment),
      messageBytes: MOST_ANSWER_BYTES,
      warn: (message) => out.warn(message),
      heard: (server, said) => out.detail(printable(`${server}: ${said.trimEnd()}`, { lines: true })),
    })
    const callers = tokens.map(({ name, digest }) => ({ name, digest }))
    const served = await started(port, () => startServe({ port, servers, callers, origins: origin }, host))
    const urls = servers.map((server) => `http://127.0.0.1:${served.port}/mcp/${server}`)
    const files = tokens.map(({ name, path }) => ({ client: name, tokenFile: path }))
    out.line(
      { urls, clients: files },
      [
        ...urls.map((url) => `serving ${url}`),
        ...files.map(({ client, tokenFile }) => `the token of ${client} is in ${tokenFile}`),
      ].join('\n'),
    )
    try {
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await served.close()
    }
  },
})

function clientsOf(names: readonly string[]): readonly string[] {
  const clients = names.length === 0 ? [CLIENT] : [...new Set(names)]
  const wrong = clients.find((name) => !isAgentName(name))
  if (wrong === undefined) return clients
  throw usage(`${JSON.stringify(wrong)} is no name for a client`, 'take small letters, digits and dashes')
}

function portOf(listen: string | undefined): number {
  if (listen === undefined) return PORT
  const port = /^127\.0\.0\.1:(\d{1,5})$/.exec(listen)?.[1]
  if (port !== undefined && Number(port) <= 65_535) return Number(port)
  throw usage(
    `it cannot listen on ${JSON.stringify(listen)}`,
    'give 127.0.0.1:PORT: it serves this machine alone',
  )
}

async function started<T>(port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (cause) {
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: `nothing can listen on 127.0.0.1:${port}`,
      fix: 'end what listens there, or give another port with --listen',
      cause,
    })
  }
}

function usage(what: string, fix: string): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', { what, fix })
}
