import { SandboxError } from './errors.ts'
import { profileSchema, type Profile, type ProfileInput } from './profile.ts'

const RESTRICTED: ProfileInput['environment'] = { mode: 'restricted' }
const OFFLINE: ProfileInput['network'] = { mode: 'none' }
const BY_POLICY: ProfileInput['network'] = { mode: 'policy' }

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

/** What serves a model is one of these, where there is one. */
const GRAPHICS_PROCESSORS = [
  ...['/dev/nvidia0', '/dev/nvidia1', '/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools'],
  ...['/dev/dri/renderD128', '/dev/dri/renderD129', '/dev/kfd'],
]

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
      'a whole coding agent: its workspace writable, many processes, a terminal, of the network what policy allows',
    filesystem: { workspace: 'read-write', temporary_size: '1GiB' },
    network: BY_POLICY,
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
      'a coding agent that drives a browser without a window: four times the memory and threads of agent, the same network',
    filesystem: { workspace: 'read-write', temporary_size: '1GiB' },
    network: BY_POLICY,
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
  {
    name: 'model-worker',
    description:
      'serves a model: graphics processors by name, 2 GiB shared memory, reads its model, no network; ended with all it holds after an hour, ten idle minutes or 1000 uses',
    filesystem: { workspace: 'read-only', temporary_size: '1GiB', shared_memory: '2GiB' },
    network: OFFLINE,
    process: {
      fork: true,
      max_memory: '32GiB',
      max_processes: 256,
      max_open_files: 4096,
      max_locked: '2GiB',
      cpu_percent: 200,
    },
    environment: { mode: 'none', pass: ['LANG', 'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS'] },
    devices: { if_present: GRAPHICS_PROCESSORS },
    recycle: { uses: 1000, after: '1h', idle: '10m' },
    immutable: ['network', 'filesystem'],
  },
  {
    name: 'mcp-server',
    description:
      'a tool server the owner vouches for: the workspace writable, of the network what policy allows, 512 MiB',
    filesystem: { workspace: 'read-write', temporary_size: '256MiB' },
    network: BY_POLICY,
    process: {
      fork: true,
      max_memory: '512MiB',
      max_processes: 128,
      max_open_files: 1024,
      cpu_percent: 100,
    },
    environment: { mode: 'full' },
  },
  {
    name: 'mcp-guest',
    description:
      'a tool server nobody vouches for: no files but its own in memory, of the network what policy allows, 256 MiB',
    filesystem: { workspace: 'temporary', temporary_size: '64MiB' },
    network: BY_POLICY,
    process: {
      fork: true,
      max_memory: '256MiB',
      max_processes: 64,
      max_open_files: 512,
      cpu_percent: 50,
    },
    environment: RESTRICTED,
  },
  {
    name: 'container',
    description:
      'a task nobody vouches for, in a container: reads the workspace, no network; what it leaves in /outbox is scanned and kept for you',
    filesystem: { workspace: 'read-only', temporary_size: '256MiB' },
    network: OFFLINE,
    process: {
      fork: true,
      max_seconds: 3600,
      max_memory: '1GiB',
      max_processes: 64,
      max_open_files: 1024,
      max_output: '16MiB',
      cpu_percent: 100,
    },
    environment: { mode: 'none', pass: ['LANG'] },
    outbox: { max_size: '64MiB', max_files: 1000 },
    minimum_level: 'container',
    immutable: ['network', 'filesystem'],
  },
  {
    name: 'key-worker',
    description:
      'holds a key: one process, no files but its own in memory, no network, memory it may lock; ended with all it holds after ten minutes or 100 uses',
    filesystem: { workspace: 'temporary', temporary_size: '16MiB' },
    network: OFFLINE,
    process: {
      fork: false,
      max_memory: '256MiB',
      max_processes: 32,
      max_open_files: 64,
      max_locked: '64MiB',
      cpu_percent: 50,
    },
    environment: { mode: 'none' },
    recycle: { uses: 100, after: '10m', idle: '1m' },
    immutable: ['network', 'filesystem', 'process', 'environment'],
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
  const read = profileSchema.safeParse({
    ...WEB_SCRAPER,
    network: { mode: 'domains', domains: [...domains] },
  })
  if (read.success) return read.data
  throw new SandboxError(
    'SANDBOX_PROFILE_INVALID',
    `web_scraper cannot be made of ${domains.join(', ')}`,
    'write each domain as example.org, or *.example.org for all below it, in lower case',
  )
}
