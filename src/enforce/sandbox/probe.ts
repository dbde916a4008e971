import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { newId } from '../../core/id.ts'
import { sha256 } from '../../core/canonical.ts'
import { startBubblewrap, type Machine } from './bubblewrap.ts'
import { compile } from './compile.ts'
import { probePrograms } from './exec-probe.ts'
import { diskLookup } from './lookup.ts'
import { profileSchema } from './profile.ts'
import { seccompProgram } from './seccomp.ts'
import type { Guarantee, LimitReport, RunExit } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

const MEMORY_CANARY_MIB = 64

/** What an honest look around finds inside; every line is `name=value`. Descriptor 3 is the directory `ls` reads. */
const CANARY = `
echo "pid1=$(cat /proc/1/comm)"
echo "pids=$(ls -d /proc/[0-9]* | wc -l)"
echo "seccomp=$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status)"
echo "caps=$(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status)"
(: > /tmp/setuid) && chmod u+s /tmp/setuid 2>/dev/null; echo "setuid=$?"
echo "interfaces=$(sed -n 's/^ *\\([^ :]*\\):.*/\\1/p' /proc/net/dev | tr '\\n' ,)"
echo "routes=$(sed 1d /proc/net/route | wc -l)"
(: > /usr/warder-canary) 2>/dev/null; echo "usr=$?"
(: > /etc/warder-canary) 2>/dev/null; echo "etc=$?"
(: > /warder-canary) 2>/dev/null; echo "root=$?"
(: > /tmp/honest) 2>/dev/null; echo "tmp=$?"
ls /proc/self/fd > /tmp/open; echo "open=$(tr '\\n' , < /tmp/open)"
echo "files=$(ulimit -n)"
echo "core=$(ulimit -c)"
echo "size=$(ulimit -f)"
[ "$(head -c 3 /dev/warder-canary | wc -c)" = 3 ]; echo "device=$?"
echo "devices=$(ls /dev | tr '\\n' ,)"
`

/**
 * Builds real sandboxes and tries what must fail in them. What cannot be tried is reported as not in force.
 *
 * @throws SandboxError when no sandbox can be built at all
 */
export async function probeMachine(machine: Machine): Promise<readonly Guarantee[]> {
  const workspace = mkdtempSync(join(tmpdir(), 'warder-probe-'))
  try {
    const plain = canarySpec(machine, workspace, CANARY)
    const look = await runCanary(machine, machine.programs === undefined ? plain : withDevice(plain))
    const seen = new Map(look.output.split('\n').map((line) => splitOnce(line)))
    const value = (name: string) => seen.get(name) ?? 'nothing'
    const memory = limit(look.limits, 'memory')
    const memoryHolds = memory?.inForce === true && (await memoryCanaryDies(machine, workspace))
    return [
      tried(
        'namespaces',
        value('pid1') === (machine.programs === undefined ? 'bwrap' : 'init') && Number(value('pids')) < 10,
        `${value('pids')} processes visible`,
      ),
      tried(
        'seccomp',
        value('seccomp') === '2' && value('setuid') !== '0',
        `filter mode ${value('seccomp')}`,
      ),
      tried(
        'no-network',
        value('interfaces') === 'lo,' && value('routes') === '0',
        `interfaces: ${value('interfaces').replace(/,$/, '')}`,
      ),
      tried(
        'read-only-system',
        refusedWrites(value) && value('tmp') === '0',
        'writes to /, /usr and /etc fail',
      ),
      tried(
        'no-leaked-descriptors',
        value('open') === '0,1,2,3,',
        `open: ${value('open').replace(/,$/, '')}`,
      ),
      {
        name: 'descriptor-binds',
        inForce: true,
        why: machine.hasBindFd
          ? 'bound by descriptor and compared'
          : 'compared after the build, before the start',
      },
      tried('open-files-limit', value('files') === '64', `limit inside: ${value('files')}`),
      tried('file-size-limit', /^\d+$/.test(value('size')), `limit inside: ${value('size')} blocks`),
      tried('core-dump-limit', value('core') === '0', `limit inside: ${value('core')}`),
      tried(
        'named-devices',
        value('device') === '0' && value('devices') === DEVICES_INSIDE,
        `one more was asked for, and given alone: ${value('devices').replace(/,$/, '')}`,
      ),
      ofLimit('process-limit', limit(look.limits, 'processes')),
      memoryHolds || memory?.inForce !== true
        ? ofLimit('memory-limit', memory)
        : { name: 'memory-limit', inForce: false, why: `a process grew past ${MEMORY_CANARY_MIB} MiB` },
      ofLimit('cpu-limit', limit(look.limits, 'cpu')),
      { name: 'freeze', inForce: true, why: 'every process is stopped, and the freezer where there is one' },
      ...(await probePrograms(machine, workspace, canarySpec(machine, workspace, 'read line'))),
    ]
  } finally {
    rmSync(workspace, { recursive: true, force: true })
  }
}

const CANARY_DEVICE = '/dev/warder-canary'
/** What there is without being named, none of it with a machine behind it; and the one that is. */
const DEVICES_INSIDE =
  'core,fd,full,null,ptmx,pts,random,shm,stderr,stdin,stdout,tty,urandom,warder-canary,zero,'

/** The spec with a device more, under a name no machine has. */
function withDevice(spec: SandboxSpec): SandboxSpec {
  const source = '/dev/zero'
  const seen = diskLookup.device(source)
  if (seen === undefined) return spec
  const { device, inode } = seen
  const identity = { device, inode, kind: 'device' } as const
  const mount = {
    type: 'bind',
    source,
    path: CANARY_DEVICE,
    access: 'write',
    identity,
    why: 'canary',
  } as const
  return { ...spec, mounts: [...spec.mounts, mount] }
}

function refusedWrites(value: (name: string) => string): boolean {
  return ['usr', 'etc', 'root'].every((name) => value(name) !== '0' && value(name) !== 'nothing')
}

function tried(name: Guarantee['name'], inForce: boolean, why: string): Guarantee {
  return { name, inForce, why: inForce ? `tried: ${why}` : `tried, and it did not hold: ${why}` }
}

function ofLimit(name: Guarantee['name'], report: LimitReport | undefined): Guarantee {
  const inForce = report?.inForce === true
  const note = report?.note === undefined ? '' : `: ${report.note}`
  return {
    name,
    inForce,
    why: `${report?.by ?? 'unknown'}${note}`,
    ...(inForce ? {} : { fix: 'start Warder as a service with Delegate=yes: warder service install' }),
  }
}

function limit(limits: readonly LimitReport[], name: LimitReport['name']): LimitReport | undefined {
  return limits.find((report) => report.name === name)
}

async function memoryCanaryDies(machine: Machine, workspace: string): Promise<boolean> {
  const grow = `head -c ${MEMORY_CANARY_MIB * 4}m /dev/zero | tail > /dev/null; echo survived=$?`
  const { exit, output } = await runCanary(machine, canarySpec(machine, workspace, grow))
  return exit.reason === 'memory' || !output.includes('survived=0')
}

async function runCanary(
  machine: Machine,
  spec: SandboxSpec,
): Promise<{ readonly output: string; readonly exit: RunExit; readonly limits: readonly LimitReport[] }> {
  const run = await startBubblewrap(machine, spec, {
    runId: newId(),
    agent: 'probe',
  })
  run.stdin.end()
  run.stderr.resume()
  const [output, exit] = await Promise.all([text(run.stdout), run.exit])
  return { output, exit, limits: run.limits }
}

function canarySpec({ architecture }: Machine, workspace: string, script: string): SandboxSpec {
  const profile = profileSchema.parse({
    name: 'canary',
    description: 'tries what must fail',
    filesystem: { workspace: 'none', temporary_size: '1MiB' },
    network: { mode: 'none' },
    process: {
      fork: true,
      max_seconds: 10,
      max_memory: `${MEMORY_CANARY_MIB}MiB`,
      max_processes: 16,
      max_open_files: 64,
      max_output: '64KiB',
      max_file: '1MiB',
      cpu_percent: 100,
    },
    environment: { mode: 'none' },
    requires: [],
  })
  return compile(
    profile,
    {
      argv: ['/bin/sh', '-c', script],
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

function splitOnce(line: string): readonly [string, string] {
  const at = line.indexOf('=')
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
