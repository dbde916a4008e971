import { once } from 'node:events'
import { Agent as PlainAgent, request as requestPlain, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { LineReader } from '../../enforce/mcp/index.ts'
import { Remote, type Reach, type Reached } from '../../enforce/mcp/http/index.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, manyOption } from '../param.ts'

/** How large a message may be is said by policy, and held to by the firewall before this. */
const MOST_BYTES = 128 * 1024 ** 2

type Environment = Readonly<Record<string, string | undefined>>

export const mcpRemote = command({
  name: 'mcp remote',
  about: 'speak to an MCP server elsewhere, from standard input and output',
  details: [
    'For mcp.servers.NAME.command in the policy, so that a server that is reached over HTTP runs like any other: in a sandbox that lets it reach what the policy says, with the firewall before it. It speaks Streamable HTTP in the revisions from 2025-03-26 on; the older transport with two addresses is not spoken.',
    'A header field may hold ${NAME}, which is replaced by that variable of its environment: give it a secret there, and the proxy puts in what this program never sees.',
  ],
  examples: [
    {
      run: "warder mcp remote https://mcp.example.com/mcp --header 'authorization: Bearer ${TOKEN}'",
      does: 'as the policy would start it',
    },
  ],
  args: { url: argument('where the server is') },
  options: { header: manyOption('a field of every request', { value: 'NAME: VALUE' }) },
  exits: ['unavailable'],
  needsConfig: false,
  handlesInterrupt: true,
  async run({ url, header }, { environment, stdin, out, signal }) {
    const at = placeOf(url)
    const fields = Object.fromEntries(header.map((each) => fieldOf(each, environment)))
    const { promise: ended, resolve } = Promise.withResolvers<string>()
    const remote = new Remote({
      ...{ url: at, reach: reachFrom(environment), fields: () => fields },
      fromServer: (text) => out.raw(`${text}\n`),
      ended: resolve,
      messageBytes: MOST_BYTES,
    })
    const lines = new LineReader({
      most: MOST_BYTES,
      line: (bytes) => remote.send(bytes.toString('utf8')),
      tooLong: (sizeBytes) => out.warn(`a message of ${sizeBytes} bytes was dropped`),
    })
    stdin.on('data', (chunk: Buffer) => lines.push(chunk))
    const why = await Promise.race([ended, once(stdin, 'end'), once(signal, 'abort')])
    if (typeof why === 'string') out.warn(why)
    stdin.pause()
    await remote.close()
  },
})

/** HTTP by way of the proxy the environment names, as every program in a sandbox goes. Redirects are not followed. */
function reachFrom(environment: Environment): Reach {
  const proxyEnv = { ...environment }
  const [plain, tls] = [
    new PlainAgent({ keepAlive: true, proxyEnv }),
    new TlsAgent({ keepAlive: true, proxyEnv }),
  ]
  return (url, { method, headers, body, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Reached>()
    const take = (answer: IncomingMessage): void =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer })
    const how = { method, headers: { ...headers }, signal, maxHeaderSize: 64 * 1024 }
    const asking = url.startsWith('https:')
      ? requestTls(url, { ...how, agent: tls }, take)
      : requestPlain(url, { ...how, agent: plain }, take)
    asking.once('error', reject).end(body)
    return promise
  }
}

function placeOf(text: string): string {
  const url = URL.parse(text)
  const isLocal = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  const isGood = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url !== null && isGood && url.username === '' && url.password === '') return url.href
  throw usage(
    'that is no address a server can be spoken to at',
    'give https://HOST/PATH; http is for this machine alone, and a password belongs into --header',
  )
}

const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\u0020-\u007e]*)$/
/** What the protocol itself says there, and what a proxy would take for its own. */
const OWN = /^(?:mcp-.*|host|content-.*|transfer-encoding|connection|accept|last-event-id|proxy-.*)$/

function fieldOf(text: string, environment: Environment): [string, string] {
  const [, name = '', value = ''] = FIELD.exec(text) ?? []
  if (name === '' || OWN.test(name.toLowerCase()))
    throw usage(
      'a --header is none that can be added',
      'write NAME: VALUE, and no field of the protocol itself',
    )
  const filled = value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_all, key: string) => {
    const found = environment[key]
    if (found !== undefined && /^[\u0020-\u007e]*$/.test(found)) return found
    throw usage(`the variable ${key} is not set here, or cannot stand in a header field`, `set ${key}`)
  })
  return [name.toLowerCase(), filled]
}

function usage(what: string, fix: string): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', { what, fix })
}
