import { join } from 'node:path'

/** How a client writes one server down. `list`: command and arguments in one list; `named`: a list of entries with names. */
export type EntryStyle = 'plain' | 'list' | 'goose' | 'named'

export interface McpClient {
  readonly name: string
  readonly format: 'json' | 'toml' | 'yaml'
  readonly style: EntryStyle
  /** Where the servers are, below the outermost object. */
  readonly keys: readonly string[]
  readonly user: readonly string[]
  readonly project: readonly string[]
}

export interface ClientScope {
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Absent: only the user’s own files. */
  readonly project?: string
  readonly platform?: NodeJS.Platform
}

/** One file in which a client may have servers. */
export interface ClientFile {
  readonly client: McpClient
  readonly level: 'user' | 'project'
  readonly path: string
}

const MCP_SERVERS = ['mcpServers']
const CONFIG = '{config}'

function json(
  name: string,
  keys: readonly string[],
  user: readonly string[],
  project: readonly string[] = [],
): McpClient {
  return { name, format: 'json', style: 'plain', keys, user, project }
}

/** Every client whose servers are looked for. `{config}` is where applications keep theirs on this system. */
export const MCP_CLIENTS: readonly McpClient[] = [
  json('claude-code', MCP_SERVERS, ['{CLAUDE_CONFIG_DIR|~}/.claude.json'], ['.mcp.json']),
  json('claude-desktop', MCP_SERVERS, [`${CONFIG}/Claude/claude_desktop_config.json`]),
  {
    ...json('codex', ['mcp_servers'], ['{CODEX_HOME|~/.codex}/config.toml'], ['.codex/config.toml']),
    format: 'toml',
  },
  json('cursor', MCP_SERVERS, ['~/.cursor/mcp.json'], ['.cursor/mcp.json']),
  json('vscode', ['servers'], [`${CONFIG}/Code/User/mcp.json`], ['.vscode/mcp.json']),
  json('copilot', MCP_SERVERS, ['~/.copilot/mcp-config.json']),
  json('windsurf', MCP_SERVERS, ['~/.codeium/windsurf/mcp_config.json']),
  json('zed', ['context_servers'], ['~/.config/zed/settings.json'], ['.zed/settings.json']),
  json('gemini', MCP_SERVERS, ['~/.gemini/settings.json'], ['.gemini/settings.json']),
  json('antigravity', MCP_SERVERS, ['~/.gemini/antigravity/mcp_config.json']),
  { ...json('opencode', ['mcp'], ['~/.config/opencode/opencode.json'], ['opencode.json']), style: 'list' },
  json('kiro', MCP_SERVERS, ['~/.kiro/settings/mcp.json'], ['.kiro/settings/mcp.json']),
  json('amp', ['amp.mcpServers'], ['~/.config/amp/settings.json'], ['.amp/settings.json']),
  json('lm-studio', MCP_SERVERS, ['~/.lmstudio/mcp.json']),
  json('kimi', MCP_SERVERS, ['~/.kimi/mcp.json']),
  json('droid', MCP_SERVERS, ['~/.factory/mcp.json'], ['.factory/mcp.json']),
  json('trae', MCP_SERVERS, [`${CONFIG}/Trae/User/mcp.json`], ['.trae/mcp.json']),
  { ...json('goose', ['extensions'], ['~/.config/goose/config.yaml']), format: 'yaml', style: 'goose' },
  { ...json('continue', MCP_SERVERS, ['~/.continue/config.yaml']), format: 'yaml', style: 'named' },
]

export function clientNamed(name: string): McpClient | undefined {
  return MCP_CLIENTS.find((client) => client.name === name)
}

/** Every file of a client that might be there. */
export function filesOf(client: McpClient, scope: ClientScope): readonly ClientFile[] {
  const user = client.user.map((pattern) => ({
    client,
    level: 'user' as const,
    path: placeOf(pattern, scope),
  }))
  const { project } = scope
  if (project === undefined) return user
  return [
    ...user,
    ...client.project.map((path) => ({ client, level: 'project' as const, path: join(project, path) })),
  ]
}

function placeOf(pattern: string, { home, environment, platform = process.platform }: ClientScope): string {
  const mac = join(home, 'Library', 'Application Support')
  const xdg = environment['XDG_CONFIG_HOME']
  const config = platform === 'darwin' ? mac : xdg?.startsWith('/') === true ? xdg : join(home, '.config')
  return pattern
    .replace(CONFIG, config)
    .replace(/^\{(\w+)\|([^}]*)\}/, (_, name: string, fallback: string) => {
      const set = environment[name]
      return set?.startsWith('/') === true ? set : fallback
    })
    .replace(/^~/, () => home)
}
