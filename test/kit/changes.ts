import { join } from 'node:path'
import { newId } from '../../src/core/id.ts'
import { ChangeSets, Clones, type ChangeSet, type Clone } from '../../src/enforce/workspace/index.ts'
import { inOverlay } from '../../src/enforce/workspace/overlay.example.ts'
import { openExtendedAttributes } from '../../src/platform/extended-attributes.ts'
import { PROTECTED_NAMES } from '../../src/enforce/sandbox/index.ts'
import type { House } from './house.ts'

/** Lets `agent` run a script in an overlay over the house's workspace, as a run with a change set does. */
export async function changeAsAgent(house: House, agent: string, script: string): Promise<ChangeSet> {
  await house.command(['grant', 'list']) // the state directory is the daemon's to make
  const uid = process.getuid?.() ?? -1
  const attributes = openExtendedAttributes()
  if ('missing' in attributes) throw new Error(attributes.missing)
  const sets = new ChangeSets({
    attributes,
    own: join(house.state, 'changes'),
    givenAway: join(house.home, 'given/changes'),
    uid,
    now: () => Date.now(),
    newId,
  })
  const owner = { uid, gid: process.getgid?.() ?? -1 }
  const run = await sets.open(agent, house.workspace, owner, PROTECTED_NAMES)
  try {
    inOverlay(house.home, run.set, script)
  } finally {
    run.close()
  }
  return run.set
}

/** The clone `agent` works in, made as a run makes it; the run is over. */
export async function cloneForAgent(house: House, agent: string): Promise<Clone> {
  await house.command(['grant', 'list'])
  const uid = process.getuid?.() ?? -1
  const clones = new Clones({
    own: join(house.state, 'clones'),
    givenAway: join(house.home, 'given/clones'),
    uid,
    now: () => Date.now(),
    newId,
  })
  const run = await clones.open(agent, house.workspace, { uid, gid: process.getgid?.() ?? -1 })
  run.close()
  return run.clone
}
