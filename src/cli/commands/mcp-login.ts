import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { z } from 'zod'
import { calls } from '../../client/calls.ts'
import { newId } from '../../core/id.ts'
import { createSafeFetch, LIMITS, systemResolve } from '../../enforce/egress/index.ts'
import { login, refused, renewed, type Ask, type Login } from '../../enforce/mcp/oauth/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { command, type Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, flag, manyOption, option, requiredOption } from '../param.ts'
import { openWayBack } from './mcp-login-back.ts'

const MOST_BYTES = 256 * 1024
const HERE = ['127.0.0.1', '[::1]', 'localhost']
const Kept = z.strictObject({
  refreshToken: z.string(),
  clientId: z.string(),
  token: z.url(),
  resource: z.url(),
})

export const mcpLogin = command({
  name: 'mcp login',
  about: 'log in for an MCP server elsewhere, and keep its token as a secret',
  details: [
    'Finds out where the server sends people to log in, shows that address, and waits five minutes for the browser to come back to this machine. The token is kept as a secret for that server’s host alone; it is never shown. Let the server use it with use_secrets in the policy, and warder mcp remote.',
    'What the next token is got with is kept beside it, for nobody to use but --refresh. Warder speaks to public addresses only, unless the server is on this machine or --allow-address says otherwise, and asks for no token without PKCE.',
  ],
  examples: [
    {
      run: 'warder mcp login https://mcp.example.com/mcp --server tracker --secret tracker-token',
      does: 'logs in, once',
    },
    {
      run: 'warder mcp login https://mcp.example.com/mcp --server tracker --secret tracker-token --refresh',
      does: 'gets the next token, with nobody there',
    },
  ],
  args: { url: argument('where the server is') },
  options: {
    server: requiredOption('the name policy knows the server by', { value: 'SERVER' }),
    secret: requiredOption('what the token is kept as', { value: 'NAME' }),
    clientId: option('what the issuer knows us by (default: we register there)', { value: 'ID' }),
    refresh: flag('get the next token with what was kept'),
    allowAddress: manyOption('a network that is not public and may be asked all the same', {
      value: 'NETWORK',
    }),
  },
  exits: ['denied', 'unavailable'],
  handlesInterrupt: true,
  async run({ url, server, secret, clientId, refresh, allowAddress }, context) {
    const at = placeOf(url)
    const ask = asking(at, allowAddress)
    const got = refresh ? await again(secret, at, ask, context) : await anew(at, clientId, ask, context)
    const name = await keep(got, { secret, server, at }, context)
    const end = got.expiresS === undefined ? '' : `, good for ${Math.ceil(got.expiresS / 60)} min`
    context.out.result(
      {
        secret,
        server,
        ...(got.expiresS === undefined ? {} : { expiresSeconds: got.expiresS }),
        refresh: name !== undefined,
      },
      `${secret}: the token of ${server} is kept${end}`,
    )
    if (name === undefined)
      context.out.note('the issuer gave nothing to get the next one with: log in again then')
  },
})

async function anew(
  at: URL,
  clientId: string | undefined,
  ask: Ask,
  { out, signal }: Context,
): Promise<Login> {
  const back = await openWayBack(signal)
  try {
    return await login(at.href, clientId, {
      ...{ ask, randomBytes, redirect: back.redirect },
      visit: async (url, state) => {
        out.note(`log in at:\n${url}`)
        return await back.answer(state)
      },
    })
  } finally {
    back.close()
  }
}

async function again(secret: string, at: URL, ask: Ask, context: Context): Promise<Login> {
  const { value = '' } = await calls(await context.client()).call('secretRead', {
    ...{ name: refreshName(secret), reveal: true, reason: `the next token for ${at.host}` },
  })
  const { data: kept } = Kept.safeParse(JSON.parse(Buffer.from(value, 'base64').toString()))
  if (kept === undefined || new URL(kept.resource).origin !== at.origin)
    throw refused('what was kept is for no login at that server', 'log in again without --refresh')
  return await renewed(kept, ask)
}

/** @returns the name of what the next token is got with, where there is such */
async function keep(
  { accessToken, refresh }: Login,
  { secret, server, at }: { secret: string; server: string; at: URL },
  context: Context,
): Promise<string | undefined> {
  const { call } = calls(await context.client())
  const port = at.port === '' ? '443' : at.port
  await call('secretSet', {
    ...{ name: secret, value: Buffer.from(accessToken).toString('base64'), places: ['header'] },
    ...{
      hosts: [`${at.hostname}:${port}`],
      principals: [`mcp-${server}`],
      plainHttp: at.protocol === 'http:',
    },
  })
  if (refresh === undefined) return undefined
  const name = refreshName(secret)
  // no host and no agent: nobody is lent it
  const value = Buffer.from(JSON.stringify(refresh)).toString('base64')
  await call('secretSet', { name, value, hosts: [], principals: [] })
  return name
}

function refreshName(secret: string): string {
  return `${secret}.refresh`
}

/** Asks one host at a time, by the rules Warder's own requests have; only at a server on this machine others of it. */
function asking(at: URL, allowed: readonly string[]): Ask {
  const addresses = HERE.includes(at.hostname) ? [...allowed, '127.0.0.0/8', '::1/128'] : allowed
  return async (url, request) => {
    const { hostname, port, protocol } = new URL(url)
    const ports = [port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)]
    const fetched = createSafeFetch({
      name: 'warder:login',
      rules: [{ id: 'the login', effect: 'allow', host: hostname, ports, addresses }],
      ports: {
        record: async () => undefined, // what a person asks for by hand is not an agent's doing
        ...{
          resolve: systemResolve(),
          clock: systemClock,
          isOwn,
          newId,
          limits: LIMITS,
          warn: () => undefined,
        },
      },
    })
    const { status, headers, body } = await fetched(url, { ...request, maxBytes: MOST_BYTES, redirects: 0 })
    const flat = Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value?.join(', '),
    ])
    return { status, headers: Object.fromEntries(flat), text: body.toString('utf8') }
  }
}

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some(
    (each) => each?.some((own) => own.address === address) ?? false,
  )
}

function placeOf(text: string): URL {
  const url = URL.parse(text)
  const isGood = url?.protocol === 'https:' || (url?.protocol === 'http:' && HERE.includes(url.hostname))
  if (url !== null && isGood && url.username === '' && url.password === '' && url.hash === '') return url
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: 'that is no address a server can be spoken to at',
    fix: 'give https://HOST/PATH; http is for this machine alone',
  })
}
