import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import type { Client } from '../../client/connect.ts'
import { messageOf } from '../../core/error.ts'
import { plainOf, readJsonText } from '../../core/json-text.ts'
import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import {
  createDefinitionInspector,
  shadowing,
  type DefinitionInspector,
  type DefinitionKind,
} from '../../decide/inspect/mcp/index.ts'
import { createShippedTextScanner } from '../../decide/inspect/text/index.ts'
import { readSmallFile } from '../../platform/files.ts'
import { installedVersion } from '../../platform/version.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { listingIn, type McpListing } from '../mcp-listing.ts'
import { lookInSandbox } from '../mcp-look.ts'
import { sarifOf, scanText, type McpFound, type McpScan, type McpScanned } from '../mcp-report.ts'
import { choiceOption, flag, manyOption, option } from '../param.ts'
import { clientNamed, filesOf, MCP_CLIENTS, type ClientFile } from '../setup/mcp-clients.ts'
import { entriesIn, type McpEntry } from '../setup/mcp-entries.ts'
import { ownCommand, policyName } from '../setup/mcp-wrap.ts'

const KINDS = ['tool', 'prompt', 'resource', 'resource-template'] as const

export const mcpScan = command({
  name: 'mcp scan',
  about: 'look through the MCP servers that are configured here, before an agent reads what they say',
  details: [
    'Finds the servers of every client it knows, in the user’s settings and in this project’s, starts each in its sandbox, asks what it defines, and ends it. No tool is called, and no key from the settings is given to it. Names, descriptions, schemas and instructions are looked into for hidden characters, false authority, requests for secrets or for what was said, and reach for other tools; names for those that pass for another server’s; and everything for what differs from what was approved.',
    'Without a sandbox nothing is started and nothing is listed. Servers that are reached by URL are named and not asked. A definitions file (an answer to tools/list, or a list of tools) is looked into without starting anything.',
    'Exit 0 when nothing reaches --fail-at (default: high), 8 when something does, and 8 when a server or a file could not be looked at: what was not read is not clean.',
  ],
  examples: [
    { run: 'warder mcp scan', does: 'every client' },
    { run: 'warder mcp scan --client cursor --sarif > mcp.sarif', does: 'one client, for code scanning' },
    { run: 'warder mcp scan --definitions tools.json', does: 'a saved answer to tools/list' },
  ],
  options: {
    client: manyOption(`only this client: ${MCP_CLIENTS.map(({ name }) => name).join(', ')}`),
    project: option('the project whose settings count as well (default: this directory)', {
      value: 'DIR',
      completes: 'file',
    }),
    definitions: manyOption('look into this file instead of servers', { value: 'FILE', completes: 'file' }),
    sarif: flag('print SARIF 2.1.0'),
    failAt: choiceOption('exit 8 from this severity on', RISK_LEVELS),
    all: flag('show weak signs as well'),
  },
  exits: ['unavailable', 'unverified'],
  async run(input, context) {
    const { failAt = 'high', sarif, all } = input
    const look = createDefinitionInspector(textScanner())
    const scan =
      input.definitions.length > 0
        ? scanFiles(input.definitions, look, context)
        : await scanServers(filesFor(input.client, input.project, context), look, context)
    const shown = { ...scan, findings: scan.findings.filter(({ severity }) => all || severity !== 'low') }
    if (sarif)
      context.out.raw(`${JSON.stringify(sarifOf(shown, installedVersion().version), undefined, 2)}\n`)
    else context.out.result(shown, scanText(shown, context.out))
    return isClean(scan, failAt) ? EXIT.ok : EXIT.unverified
  },
})

function textScanner(): Parameters<typeof createDefinitionInspector>[0] {
  const scanner = createShippedTextScanner()
  return { textScan: (text) => scanner.scan(text, { channel: 'mcp-metadata' }) }
}

function isClean({ servers, findings, unread }: McpScan, failAt: RiskLevel): boolean {
  if (unread.length > 0 || servers.some(({ state }) => state === 'not listed')) return false
  return !findings.some(({ severity }) => isAtLeast(severity, failAt))
}

function filesFor(
  names: readonly string[],
  project: string | undefined,
  { home, cwd, environment }: Context,
): readonly ClientFile[] {
  const clients = names.length === 0 ? MCP_CLIENTS : names.map((name) => clientNamed(name) ?? unknown(name))
  const directory = realpathSync(resolve(cwd, project ?? '.'))
  return clients
    .flatMap((client) => filesOf(client, { home, environment, project: directory }))
    .filter(({ path }) => existsSync(path))
}

function unknown(name: string): never {
  throw new CliError(CLI_ERRORS, 'USAGE', {
    what: `there is no MCP client ${name} whose settings are known`,
    fix: `use one of: ${MCP_CLIENTS.map((client) => client.name).join(', ')}`,
  })
}

type Whose = Pick<McpFound, 'client' | 'path' | 'server'>

interface Found {
  readonly scanned: McpScanned
  readonly findings: readonly McpFound[]
  readonly listing?: McpListing
}

async function scanServers(
  files: readonly ClientFile[],
  look: DefinitionInspector,
  context: Context,
): Promise<McpScan> {
  const unread: { path: string; why: string }[] = []
  const found: Found[] = []
  for (const file of files) {
    const entries = readEntries(file, unread)
    for (const entry of entries) found.push(await scanEntry(file, entry, look, context))
  }
  return {
    servers: found.map(({ scanned }) => scanned),
    findings: [...found.flatMap(({ findings }) => findings), ...shadowsOf(found)],
    unread,
  }
}

function readEntries(file: ClientFile, unread: { path: string; why: string }[]): readonly McpEntry[] {
  try {
    return entriesIn(file, readSmallFile(file.path, 16 * 1024 * 1024)?.toString() ?? '')
  } catch (error) {
    unread.push({ path: file.path, why: messageOf(error) })
    return []
  }
}

async function scanEntry(
  { client, path }: ClientFile,
  entry: McpEntry,
  look: DefinitionInspector,
  context: Context,
): Promise<Found> {
  const whose = { client: client.name, path, server: entry.name }
  const nothing = (state: McpScanned['state'], why: string): Found => ({
    scanned: { ...whose, state, why, counts: {}, can: {} },
    findings: [],
  })
  const command = ownCommand(entry) ?? entry.command
  if (entry.isOff) return nothing('off', 'it is switched off')
  if (command === undefined || command.length === 0)
    return nothing(
      'not listed',
      entry.url === undefined ? 'it has no command' : `it is remote (${hostOf(entry.url)})`,
    )
  const daemon = await context.client()
  try {
    const { cwd } = context
    const asked = { name: policyName(entry.name), command, environment: entry.environment }
    const listing = await lookInSandbox(daemon, { ...asked, cwd: entry.cwd ?? cwd, workspace: cwd })
    const changed = await changesOf(daemon, whose, listing)
    const { scanned, findings } = inspectListing(whose, listing, look)
    return { scanned, findings: [...findings, ...changed], listing }
  } catch (error) {
    return nothing('not listed', messageOf(error))
  }
}

/** Where it is, without what its address may hold of keys. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none'
}

function inspectListing(whose: Whose, listing: McpListing, look: DefinitionInspector): Found {
  const findings: McpFound[] = []
  const can: Record<string, string[]> = {}
  const each = (kind: DefinitionKind, name: string, definition: unknown): void => {
    const { findings: found, labels, verdict, risk } = look.inspect(whose.server, kind, definition)
    const at = { ...whose, kind, name }
    findings.push(
      ...found.map(({ rule, severity, reason, field }) => ({ rule, severity, reason, ...at, field })),
    )
    // signs that are each weak may be strong together
    if (verdict === 'blocked' && !found.some(({ severity }) => isAtLeast(severity, 'high')))
      findings.push({
        rule: 'together',
        severity: 'high',
        reason: `all of it together (risk ${risk.toFixed(2)})`,
        ...at,
      })
    if (kind === 'tool') for (const { name: label } of labels) (can[label] ??= []).push(name)
  }
  for (const kind of KINDS) for (const one of listing[kind]) each(kind, nameOf(kind, one), one)
  if (listing.instructions !== undefined) each('instructions', 'instructions', listing.instructions)
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, listing[kind].length]))
  return { scanned: { ...whose, state: 'listed', counts, can }, findings, listing }
}

function nameOf(kind: DefinitionKind, definition: unknown): string {
  const { name, uri, uriTemplate } = (definition ?? {}) as Record<string, unknown>
  const found = kind === 'resource' ? uri : kind === 'resource-template' ? uriTemplate : name
  return typeof found === 'string' ? found : ''
}

/** What differs from what was approved; where that cannot be told, that. */
async function changesOf(daemon: Client, whose: Whose, listing: McpListing): Promise<readonly McpFound[]> {
  const server = policyName(whose.server)
  const changesIn = async (kind: (typeof KINDS)[number]): Promise<readonly McpFound[]> => {
    const definitions = listing[kind].map((one) => ({ name: nameOf(kind, one), definition: one as never }))
    const { isFirst, waiting } = await calls(daemon).call('mcpPinCompare', { server, kind, definitions })
    const changed = isFirst ? [] : waiting
    return changed.map(({ rule, grade, reason, name }) => ({
      ...whose,
      rule,
      severity: grade,
      reason,
      kind,
      name,
    }))
  }
  try {
    return (await Promise.all(KINDS.map(changesIn))).flat()
  } catch (error) {
    return [{ ...whose, rule: 'mcp.pins', severity: 'critical', reason: messageOf(error) }]
  }
}

function shadowsOf(found: readonly Found[]): readonly McpFound[] {
  const listed = found.filter(({ listing }) => listing !== undefined)
  // one server in two clients is one server
  const servers = new Map(listed.map(({ scanned, listing }) => [scanned.server, { scanned, listing }]))
  const shadows = shadowing(
    [...servers].map(([name, { listing }]) => ({
      name,
      tools: (listing?.tool ?? []).map((one) => one as { name: string; description?: string }),
    })),
  )
  return shadows.map(({ rule, server, name, reason, severity }) => {
    const { client = '', path = '' } = servers.get(server)?.scanned ?? {}
    return { rule, severity, reason, client, path, server, kind: 'tool', name }
  })
}

function scanFiles(paths: readonly string[], look: DefinitionInspector, { cwd }: Context): McpScan {
  const unread: { path: string; why: string }[] = []
  const found = paths.flatMap((given) => {
    const path = resolve(cwd, given)
    try {
      const text = readSmallFile(path, 64 * 1024 * 1024)?.toString()
      if (text === undefined) throw new Error('it is not there')
      return inspectListing(
        { client: 'file', path, server: given },
        listingIn(plainOf(readJsonText(text))),
        look,
      )
    } catch (error) {
      unread.push({ path, why: messageOf(error) })
      return []
    }
  })
  return {
    servers: found.map(({ scanned }) => scanned),
    findings: [...found.flatMap(({ findings }) => findings), ...shadowsOf(found)],
    unread,
  }
}
