import { profileSchema, type Profile, type ProfileInput } from './profile.ts'

const RESTRICTED: ProfileInput['environment'] = { mode: 'restricted' }
const OFFLINE: ProfileInput['network'] = { mode: 'none' }

function oneProcess(maxSeconds: number, maxMemory: string): ProfileInput['process'] {
  return {
    fork: false,
    max_seconds: maxSeconds,
    max_memory: maxMemory,
    max_processes: 64,
    max_open_files: 256,
    max_output: '16MiB',
    cpu_percent: 100,
  }
}

const PRESETS: readonly ProfileInput[] = [
  {
    name: 'tool-minimal',
    description: 'one small tool: reads the workspace, no network, 256 MiB, 16 processes, 30 s',
    filesystem: { workspace: 'read-only', temporary_size: '64MiB' },
    network: OFFLINE,
    process: {
      fork: true,
      max_seconds: 30,
      max_memory: '256MiB',
      max_processes: 16,
      max_open_files: 64,
      max_output: '1MiB',
      cpu_percent: 100,
    },
    environment: { mode: 'none', pass: ['LANG'] },
  },
  {
    name: 'file_processor',
    description: 'works on files handed to it, in a temporary directory, without network',
    filesystem: { workspace: 'temporary' },
    network: OFFLINE,
    process: oneProcess(300, '512MiB'),
    environment: RESTRICTED,
    immutable: ['network'],
  },
  {
    name: 'code_analyzer',
    description: 'reads the workspace and writes nothing but temporary files, without network',
    filesystem: { workspace: 'read-only' },
    network: OFFLINE,
    process: oneProcess(900, '2048MiB'),
    environment: RESTRICTED,
    immutable: ['network'],
  },
  {
    name: 'data_transformer',
    description: 'reads the data directory of the project, works in a temporary directory',
    filesystem: { workspace: 'temporary', read_only: ['${PROJECT_ROOT}/data'] },
    network: OFFLINE,
    process: oneProcess(1800, '4096MiB'),
    environment: RESTRICTED,
  },
  {
    name: 'agent',
    description:
      'a whole coding agent: its workspace writable, many processes, a terminal, no network of its own',
    filesystem: { workspace: 'read-write', temporary_size: '1GiB' },
    network: OFFLINE,
    process: {
      fork: true,
      max_memory: '2GiB',
      max_processes: 100,
      max_open_files: 4096,
      cpu_percent: 200,
    },
    environment: {
      mode: 'restricted',
      pass: ['COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'EDITOR', 'VISUAL', 'PAGER', 'LC_*'],
    },
    terminal: true,
  },
  {
    name: 'browser',
    description:
      'a coding agent that drives a browser without a window: four times the memory and threads of agent, no network',
    filesystem: { workspace: 'read-write', temporary_size: '1GiB' },
    network: OFFLINE,
    // threads count as processes, and a browser starts more than a hundred of them for one page
    process: {
      fork: true,
      max_memory: '8GiB',
      max_processes: 400,
      max_open_files: 8192,
      cpu_percent: 200,
    },
    environment: {
      mode: 'restricted',
      pass: ['COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'LC_*'],
    },
    terminal: true,
  },
]

/** `web_scraper` is no profile by itself: it becomes one when its domains are named. */
const WEB_SCRAPER: ProfileInput = {
  name: 'web_scraper',
  description: 'fetches from the domains named, works in a temporary directory',
  filesystem: { workspace: 'temporary' },
  network: { mode: 'domains', domains: [] },
  process: oneProcess(600, '1024MiB'),
  environment: RESTRICTED,
  immutable: ['filesystem'],
}

/** The profiles that come with Warder, by name. */
export function presets(): ReadonlyMap<string, Profile> {
  return new Map(PRESETS.map((preset) => [preset.name, profileSchema.parse(preset)]))
}

/** The web scraper for these domains; without one it is refused, because "the whole network" is no limit. */
export function webScraper(domains: readonly string[]): Profile {
  return profileSchema.parse({ ...WEB_SCRAPER, network: { mode: 'domains', domains: [...domains] } })
}
