import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { hookProgram } from '../../platform/hook-program.ts'
import { command, type Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { flag, option, optionalArgument } from '../param.ts'
import { SETUP_ERRORS, SetupError, unreadable } from '../setup/errors.ts'
import { bridgeAll, unbridgeAll } from '../setup/mcp-bridge.ts'
import { clientNamed, filesOf, MCP_CLIENTS, type ClientFile, type McpClient } from '../setup/mcp-clients.ts'
import { policyName, unwrapAll, wrapAll, type WrapProgram, type Wrapping } from '../setup/mcp-wrap.ts'
import {
  readRecordOf,
  readText,
  recordsOf,
  restoreOf,
  sha256,
  writeSettingsOf,
  type RecordKind,
  type SettingsRecord,
} from '../setup/record.ts'

const KIND: RecordKind<string> = {
  folder: 'setup-mcp',
  isName: (name): name is string => clientNamed(name) !== undefined,
}
const NAMES = MCP_CLIENTS.map(({ name }) => name)

export const setupMcp = command({
  name: 'setup mcp',
  about: 'lead the MCP servers of a client through Warder, or take that back',
  details: [
    'Finds the files in which a client names its MCP servers and puts warder mcp wrap in front of each command; the server’s own command, its environment and everything else in the file stay as they are, comments too. Says which servers change, and keeps the file as it was in the state directory.',
    'Without a name every client is looked for. Done twice it changes nothing. --remove puts each file back byte for byte when nobody changed it since; else it takes out exactly what was put in.',
    'A server that is reached by URL is left alone and named, unless --remote says otherwise: then warder mcp remote speaks to it from a sandbox, and the values of its header fields go by the environment. That is not for servers that want a login in a browser. What clients write in YAML is not changed: put warder mcp wrap --name NAME -- in front of the command yourself.',
  ],
  examples: [
    { run: 'warder setup mcp --dry-run', does: 'shows what would change in every client’s settings' },
    { run: 'warder setup mcp cursor --project .', does: 'also .cursor/mcp.json of this project' },
    { run: 'warder setup mcp --remove', does: 'puts everything back' },
  ],
  args: { client: optionalArgument(`one of ${NAMES.join(', ')}`, { value: 'CLIENT' }) },
  options: {
    project: option('the settings in this project as well', { value: 'DIR', completes: 'file' }),
    remote: flag('servers that are reached by URL as well, by way of warder mcp remote'),
    dryRun: flag('show what would change, and change nothing'),
    remove: flag('take it back'),
  },
  exits: ['missing'],
  async run({ client, project, remote, dryRun, remove }, context) {
    const clients = chosen(client)
    if (remove) takeBack(clients, dryRun, context)
    else putIn(clients, { project, remote, dryRun }, context)
  },
})

function chosen(name: string | undefined): readonly McpClient[] {
  if (name === undefined) return MCP_CLIENTS
  const client = clientNamed(name)
  if (client !== undefined) return [client]
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `there is no MCP client ${name} whose settings are known`,
    fix: `use one of: ${NAMES.join(', ')}`,
  })
}

interface Changed extends Pick<Wrapping, 'wrapped' | 'already' | 'left'> {
  readonly client: string
  readonly path: string
}

interface How {
  readonly project: string | undefined
  readonly remote: boolean
  readonly dryRun: boolean
}

function putIn(clients: readonly McpClient[], { project, remote, dryRun }: How, context: Context): void {
  const { config, out, home, cwd, environment } = context
  const directory = project === undefined ? undefined : resolve(cwd, project)
  if (directory !== undefined && !existsSync(directory)) throw missing(`${directory} is not there`)
  const scope = {
    home,
    environment,
    ...(directory === undefined ? {} : { project: realpathSync(directory) }),
  }
  const program = programOf(context)
  const files = clients.flatMap((client) => filesOf(client, scope)).filter(({ path }) => existsSync(path))
  if (files.length === 0) throw missing('no settings of an MCP client were found')
  // all are worked out before the first is written: one that cannot be read stops them all
  const planned = files.map((file) => plan(file, program, remote))
  if (!dryRun) for (const each of planned) write(config.values['paths.state'], each)
  const changed = planned.map(({ file, wrapping }): Changed => {
    const { wrapped, already, left } = wrapping
    return { client: file.client.name, path: file.path, wrapped, already, left }
  })
  out.result(
    { changed: !dryRun, files: changed },
    changed.map((each) => changedText(each, dryRun)).join('\n'),
  )
  const wrapped = [...new Set(changed.flatMap((each) => each.wrapped.map((name) => policyName(name))))]
  if (wrapped.length > 0 && !dryRun) out.note(whatIsNext(wrapped, config.values['policy.file']))
}

/** Lines to begin with, for a server that policy does not name does not start. */
function whatIsNext(names: readonly string[], policyFile: string): string {
  return [
    'Clients read their settings when they start: restart them.',
    `A server starts only when policy names it. To begin with a question for each call, in ${policyFile}:`,
    '  mcp:',
    '    servers:',
    ...names.map((name) => `      ${name}: { tier: verified, tools: { "*": ask } }`),
    'then: warder policy check, warder policy reload. What else can be said of a server: docs/mcp.md',
  ].join('\n')
}

function missing(what: string): SetupError {
  return new SetupError(SETUP_ERRORS, 'SETUP_MISSING', {
    what,
    fix: 'see where they are looked for: docs/mcp-definitions.md',
  })
}

interface Plan {
  readonly file: ClientFile
  readonly read: string
  readonly wrapping: Wrapping
}

function plan(file: ClientFile, program: WrapProgram, isRemoteToo: boolean): Plan {
  const read = readText(file.path) ?? ''
  if (file.client.format === 'yaml') {
    const left = [{ name: file.client.name, why: 'its settings are YAML, which is not changed here' }]
    return { file, read, wrapping: { text: read, wrapped: [], already: [], left, made: [] } }
  }
  try {
    const { text } = isRemoteToo ? bridgeAll(file.client, read, program.path) : { text: read }
    return { file, read, wrapping: wrapAll(file.client, text, program) }
  } catch (cause) {
    throw unreadable(file.path, cause)
  }
}

/** Where a client finds us: it starts with another PATH, and often without the environment of a shell. */
function programOf({ config }: Context): WrapProgram {
  const { path } = hookProgram(config.values, '') // no native program stands in for a whole command
  const keys = ['paths.socket', 'paths.state', 'paths.runtime', 'paths.keys'] as const
  const told = keys.filter((key) => (config.layers[key]?.length ?? 0) > 1)
  return { path, settings: told.map((key) => `${key}=${config.values[key]}`) }
}

function write(state: string, { file, read, wrapping }: Plan): void {
  if (wrapping.text === read) return
  const { path, client } = file
  const known = readRecordOf(KIND, state, path)
  // a second time after somebody added a server: what is put back is what was there before the first
  const isOurs = known !== undefined && sha256(read) === known.after
  const plain = unwrapped(client, read, known)
  const before = isOurs ? known.before : Buffer.from(plain).toString('base64')
  const made = [...(known?.made ?? []), ...wrapping.made.map((keys) => [...keys])]
  writeSettingsOf(KIND, state, {
    record: { harness: client.name, path, before, made },
    text: wrapping.text,
    read,
  })
}

type Known = Pick<SettingsRecord<string>, 'made' | 'before'> | undefined

/** The file without our words, and with its servers reached by URL where they were. */
function unwrapped(client: McpClient, text: string, known: Known): string {
  const plain = unwrapAll(client, text, known?.made ?? [])
  const before = known?.before ?? null
  return before === null ? plain : unbridgeAll(client, plain, Buffer.from(before, 'base64').toString())
}

/** Names alone: what else stands in such a file may be a key. */
function changedText({ client, path, wrapped, already, left }: Changed, dryRun: boolean): string {
  const said =
    wrapped.length > 0
      ? `${dryRun ? 'would change' : 'changed'} ${path} (${client})`
      : `${already.length > 0 ? 'already set up' : 'nothing to change'}: ${path} (${client})`
  return [
    said,
    ...wrapped.map((name) => `  ${name}: warder mcp wrap --name ${policyName(name)} -- its own command`),
    ...left.map(({ name, why }) => `  ${name} is not led through Warder: ${why}`),
  ].join('\n')
}

function takeBack(clients: readonly McpClient[], dryRun: boolean, { config, out }: Context): void {
  const state = config.values['paths.state']
  const meant = recordsOf(KIND, state).flatMap((record) => {
    const client = clients.find(({ name }) => name === record.harness)
    return client === undefined ? [] : [{ record, client }]
  })
  if (meant.length === 0) throw missing('no MCP servers were led through Warder there')
  const done = meant.map(({ record, client }) => ({
    client: record.harness,
    path: record.path,
    done: dryRun
      ? 'would be taken back'
      : restoreOf(KIND, state, record, (text) => unwrapped(client, text, record)),
  }))
  const words = {
    restored: 'as it was, byte for byte',
    removed: 'our words taken out, later changes kept',
    gone: 'no longer there',
  }
  const lines = done.map((each) => `${each.path}: ${words[each.done as keyof typeof words] ?? each.done}`)
  out.result({ removed: done }, lines.join('\n'))
}
