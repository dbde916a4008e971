import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sha256 } from '../../core/canonical.ts'
import { newId } from '../../core/id.ts'
import { compile } from './compile.ts'
import { diskLookup } from './lookup.ts'
import { startPodman, type PodmanMachine } from './podman-start.ts'
import { profileSchema } from './profile.ts'
import { seccompProgram } from './seccomp.ts'
import type { Guarantee, LimitReport, Running } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

const MEMORY_CANARY_MIB = 64

/** What an honest look around finds inside; every line is `name=value`. Descriptor 3 is the directory `ls` reads. */
const CANARY = `
echo "pid1=$(cat /proc/1/comm)"
echo "pids=$(ls -d /proc/[0-9]* | wc -l)"
echo "seccomp=$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status)"
echo "filters=$(sed -n 's/^Seccomp_filters:[^0-9]*//p' /proc/self/status)"
(: > /tmp/setuid) && chmod u+s /tmp/setuid 2>/dev/null; echo "setuid=$?"
echo "interfaces=$(sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev | tr '\\n' ,)"
echo "routes=$(sed 1d /proc/net/route | wc -l)"
(: > /usr/warder-canary) 2>/dev/null; echo "usr=$?"
(: > /etc/warder-canary) 2>/dev/null; echo "etc=$?"
(: > /warder-canary) 2>/dev/null; echo "root=$?"
(: > /tmp/honest) 2>/dev/null; echo "tmp=$?"
cat "$1" >/dev/null 2>&1; echo "outside=$?"
ls /sys 2>/dev/null | wc -l | sed 's/^/sys=/'
ls /proc/self/fd > /tmp/open; echo "open=$(tr '\\n' , < /tmp/open)"
echo "files=$(ulimit -n)"
echo "core=$(ulimit -c)"
echo "size=$(ulimit -f)"
echo "end=end"
read line
`

/**
 * Makes real containers and tries what must fail in them. What cannot be tried is reported as not in force.
 *
 * @throws SandboxError when no container can be made at all
 */
export async function probePodman(machine: PodmanMachine): Promise<readonly Guarantee[]> {
  const workspace = mkdtempSync(join(tmpdir(), 'warder-probe-'))
  const outside = join(workspace, 'outside')
  writeFileSync(outside, 'not for the container', { mode: 0o644 })
  try {
    const run = await begin(machine, canarySpec(machine, workspace, ['-c', CANARY, 'sh', outside]))
    const seen = await lookAround(run)
    const apart = namespacesApart(run)
    const resident = await tryResident(run)
    const limits = run.limits
    const memory = limits.find(({ name }) => name === 'memory')
    const memoryHolds = memory?.inForce === true && (await memoryCanaryDies(machine, workspace))
    return [
      ...ofInside(seen, apart),
      {
        name: 'descriptor-binds',
        inForce: false,
        why: 'podman finds paths by their names; what it bound is compared before the command begins',
      },
      ...resident,
      ofLimit('process-limit', 'processes', limits),
      memoryHolds || memory?.inForce !== true
        ? ofLimit('memory-limit', 'memory', limits)
        : { name: 'memory-limit', inForce: false, why: `a process grew past ${MEMORY_CANARY_MIB} MiB` },
      ofLimit('cpu-limit', 'cpu', limits),
      {
        name: 'overlay',
        inForce: false,
        why: 'containers here have none',
        fix: 'use workspace mode worktree',
      },
    ]
  } finally {
    rmSync(workspace, { recursive: true, force: true })
  }
}

function ofInside(seen: ReadonlyMap<string, string>, apart: readonly string[]): Guarantee[] {
  const value = (name: string) => seen.get(name) ?? 'nothing'
  const refused = ['usr', 'etc', 'root'].every((name) => !['0', 'nothing'].includes(value(name)))
  const isAlone = value('pid1') === 'init' && Number(value('pids')) < 10
  return [
    tried(
      'namespaces',
      isAlone && apart.length === 6,
      `${value('pids')} processes visible; of its own: ${apart.join(', ')}`,
    ),
    tried(
      'seccomp',
      value('seccomp') === '2' &&
        Number(value('filters')) >= 2 &&
        !['0', 'nothing'].includes(value('setuid')),
      `${value('filters')} filters, the runtime's and our own`,
    ),
    tried(
      'no-network',
      value('interfaces') === 'lo,' && value('routes') === '0',
      `interfaces: ${value('interfaces').replace(/,$/, '')}`,
    ),
    tried(
      'read-only-system',
      refused && value('tmp') === '0' && value('sys') === '0',
      'writes to /, /usr and /etc fail',
    ),
    tried('no-leaked-descriptors', value('open') === '0,1,2,3,', `open: ${value('open').replace(/,$/, '')}`),
    tried('open-files-limit', value('files') === '64', `limit inside: ${value('files')}`),
    tried('file-size-limit', /^\d+$/.test(value('size')), `limit inside: ${value('size')} blocks`),
    tried('core-dump-limit', value('core') === '0', `limit inside: ${value('core')}`),
    tried(
      'private-temporary',
      value('outside') === '1' && value('tmp') === '0',
      'what lies in /tmp outside is not seen',
    ),
    tried('no-outside-signals', isAlone, 'no process outside has a number inside'),
    { name: 'protected-names', inForce: true, why: 'each is a mount of its own, looked at before the start' },
  ]
}

const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const

function namespacesApart({ init }: Running): string[] {
  const at = (pid: number | 'self', name: string) => readlinkSync(`/proc/${pid}/ns/${name}`)
  return NAMESPACES.filter((name) => at(init.pid, name) !== at('self', name))
}

async function tryResident(run: Running): Promise<Guarantee[]> {
  const command = await run.exec!({ argv: ['/bin/sh', '-c', 'echo here'], wallMs: 5000 })
  command.stdin.end()
  command.stderr.resume()
  const answer = await text(command.stdout)
  const began = performance.now()
  await run.freeze()
  const stopMs = performance.now() - began
  const { processesAfter } = await run.kill('the probe is over')
  await run.exit
  return [
    tried('resident-exec', answer === 'here\n', `a command in a running container answers: ${answer.trim()}`),
    tried('fast-stop', processesAfter === 0, `stopped in ${stopMs.toFixed(1)} ms, then ended`),
    tried('freeze', processesAfter === 0, 'process 1 stops everybody, and looks again until none moves'),
  ]
}

async function lookAround(run: Running): Promise<ReadonlyMap<string, string>> {
  let said = ''
  const enough = Promise.withResolvers<void>()
  // not by a loop over the stream: leaving that would close it
  run.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk)
    if (said.includes('end=end')) enough.resolve()
  })
  await Promise.race([enough.promise, run.exit])
  return new Map(
    said.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  )
}

async function memoryCanaryDies(machine: PodmanMachine, workspace: string): Promise<boolean> {
  const grow = `head -c ${MEMORY_CANARY_MIB * 4}m /dev/zero | tail > /dev/null; echo survived=$?`
  const run = await begin(machine, canarySpec(machine, workspace, ['-c', grow]))
  run.stdin.end()
  const [output, exit] = await Promise.all([text(run.stdout), run.exit])
  return exit.reason === 'memory' || !output.includes('survived=0')
}

async function begin(machine: PodmanMachine, spec: SandboxSpec): Promise<Running> {
  const run = await startPodman({ ...machine, mustLimit: false }, spec, { runId: newId(), agent: 'probe' })
  run.stderr.resume()
  return run
}

export function canarySpec(
  { architecture }: Pick<PodmanMachine, 'architecture'>,
  workspace: string,
  args: readonly string[],
): SandboxSpec {
  const profile = profileSchema.parse({
    name: 'canary',
    description: 'tries what must fail',
    filesystem: { workspace: 'none', temporary_size: '1MiB' },
    network: { mode: 'none' },
    process: {
      fork: true,
      max_seconds: 60,
      max_memory: `${MEMORY_CANARY_MIB}MiB`,
      max_processes: 16,
      max_open_files: 64,
      max_output: '64KiB',
      max_file: '1MiB',
      cpu_percent: 100,
    },
    environment: { mode: 'none' },
    minimum_level: 'container',
    requires: [],
  })
  return compile(
    profile,
    {
      argv: ['/bin/sh', ...args],
      env: { PATH: '/usr/bin:/bin' },
      home: workspace,
      user: { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'canary' },
      reach: [],
      exclusions: [],
      seccompDigest: (noFork) => sha256(seccompProgram(architecture, { noFork })),
    },
    diskLookup,
  )
}

function tried(name: Guarantee['name'], inForce: boolean, why: string): Guarantee {
  return { name, inForce, why: inForce ? `tried: ${why}` : `tried, and it did not hold: ${why}` }
}

function ofLimit(
  name: Guarantee['name'],
  of: LimitReport['name'],
  limits: readonly LimitReport[],
): Guarantee {
  const report = limits.find((each) => each.name === of)
  const inForce = report?.inForce === true
  const note = report?.note === undefined ? '' : `: ${report.note}`
  return {
    name,
    inForce,
    why: `${report?.by ?? 'unknown'}${note}`,
    ...(inForce ? {} : { fix: 'start Warder as a service with Delegate=yes: warder service install' }),
  }
}
