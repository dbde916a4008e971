import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import { startBubblewrap, type Machine } from './bubblewrap.ts'
import { diskLookup } from './lookup.ts'
import { probeTransparent } from './transparent-probe.ts'
import { identityOf } from './tree.ts'
import type { Guarantee, Running } from './driver.ts'
import type { GuaranteeName } from './profile.ts'
import type { Mount, SandboxSpec } from './spec.ts'

const NAMES = [
  'resident-exec',
  'fast-stop',
  'overlay',
  'transparent-network',
] as const satisfies readonly GuaranteeName[]
const OVERLAY_PATH = '/canary'

/**
 * Tries what needs the launcher and process 1 of our own.
 *
 * @param spec of a canary whose command waits for a line
 */
export async function probePrograms(
  machine: Machine,
  directory: string,
  spec: SandboxSpec,
): Promise<readonly Guarantee[]> {
  const { programsMissing } = machine
  if (programsMissing !== undefined) {
    const { missing: why, fix } = programsMissing
    return NAMES.map((name) => ({ name, inForce: false, why, fix }))
  }
  const [resident, overlay, transparent] = await Promise.all([
    probeResident(machine, spec),
    probeOverlay(machine, directory, spec),
    probeTransparent(machine, directory, spec),
  ])
  return [...resident, overlay, transparent]
}

async function probeResident(machine: Machine, spec: SandboxSpec): Promise<readonly Guarantee[]> {
  const run = await begin(machine, spec)
  const answer = await outputOf(run, 'echo here').catch(messageOf)
  const began = performance.now()
  await run.freeze()
  const stopMs = performance.now() - began
  const { processesAfter } = await run.kill('the probe is over')
  await run.exit
  return [
    tried('resident-exec', answer === 'here\n', `a command in a running sandbox answers: ${answer.trim()}`),
    tried('fast-stop', processesAfter === 0, `stopped in ${stopMs.toFixed(1)} ms, then ended`),
  ]
}

async function probeOverlay(machine: Machine, directory: string, spec: SandboxSpec): Promise<Guarantee> {
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(directory, name))
  try {
    chmodSync(directory, 0o711) // whom the canary runs as must find the way
    for (const path of [lower!, upper!, work!]) {
      mkdirSync(path, 0o700)
      if (process.getuid?.() === 0) chownSync(path, spec.host.uid, spec.host.gid)
    }
    const identity = identityOf(lower!, diskLookup.look(lower!)!)
    const mount: Mount = {
      type: 'overlay',
      path: OVERLAY_PATH,
      source: lower!,
      identity,
      upper: upper!,
      work: work!,
      why: 'probe',
    }
    const run = await begin(machine, { ...spec, mounts: [...spec.mounts, mount] })
    const written = await outputOf(run, `echo x > ${OVERLAY_PATH}/new && cat ${OVERLAY_PATH}/new`)
    await run.kill('the probe is over')
    await run.exit
    chmodSync(join(work!, 'work'), 0o700) // the kernel's own, closed to everybody: nobody but root could remove it
    const isApart = existsSync(join(upper!, 'new')) && !existsSync(join(lower!, 'new'))
    return tried(
      'overlay',
      written === 'x\n' && isApart,
      'what is written lands in the upper directory alone',
    )
  } catch (error) {
    return {
      name: 'overlay',
      inForce: false,
      why: messageOf(error),
      fix: 'use a kernel of 5.11 or later with overlayfs, or workspace mode worktree',
    }
  }
}

async function begin(machine: Machine, spec: SandboxSpec): Promise<Running> {
  const run = await startBubblewrap(machine, spec, { runId: newId(), agent: 'probe' })
  run.stdout.resume()
  run.stderr.resume()
  return run
}

async function outputOf(run: Running, script: string): Promise<string> {
  const command = await run.exec!({ argv: ['/bin/sh', '-c', script], wallMs: 5000 })
  command.stdin.end()
  command.stderr.resume()
  const [output] = await Promise.all([text(command.stdout), command.exit])
  return output
}

function tried(name: GuaranteeName, inForce: boolean, why: string): Guarantee {
  return { name, inForce, why: inForce ? `tried: ${why}` : `tried, and it did not hold: ${why}` }
}
