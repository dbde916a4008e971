import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Alone, Answer, Attempt, Target } from './attempt.ts'
import { SandboxError } from '../errors.ts'
import type { Going, Opener, OpenRequest } from './going.ts'
import { processesNamed } from './host.ts'
import { orderBytes, readAnswers } from './prober.ts'
import type { BuiltStage } from './stage.ts'

/** What a side said of each attempt; of one that is not in it, nothing is known. */
export type Answers = ReadonlyMap<string, Answer>

/** However slow the machine: after this it is ended, and what was not answered is not known. */
const DEADLINE_MS = 120_000
const GONE_DEADLINE_MS = 5000
/** More is thrown away, oldest first; answers come last. */
const KEPT_OUTPUT = 256 * 1024

/** Tries everything on one side: most of it in one go, and what would disturb the others by itself. */
export async function tryAll(
  open: Opener,
  stage: BuiltStage,
  target: Target,
  attempts: readonly Attempt[],
): Promise<Answers> {
  const answers = new Map<string, Answer>()
  const together = attempts.filter(({ alone }) => alone === undefined)
  for (const [name, answer] of await tryTogether(open, stage, target, together)) answers.set(name, answer)
  for (const attempt of together) overrule(answers, attempt, stage)
  // in opposite orders, so that the two sides do not fill the memory at the same time
  for (const attempt of stage.side === 'outside' ? attempts.toReversed() : attempts) {
    if (attempt.alone === undefined) continue
    stage.rebuildWorkspace() // one may have carried it away
    const answer = await tryAlone(open, stage, target, attempt, attempt.alone)
    if (answer !== undefined) answers.set(attempt.name, answer)
    overrule(answers, attempt, stage)
  }
  return answers
}

/** Where the effect can be seen from outside, that counts and not what the attempt says of itself. */
function overrule(answers: Map<string, Answer>, { name, happened }: Attempt, stage: BuiltStage): void {
  const said = answers.get(name)
  if (happened === undefined) return
  const did = happened(stage)
  // one that ended before it could answer may have done it all the same
  if (said !== undefined || did) answers.set(name, { errno: 0, note: '', ...said, did })
}

async function tryTogether(
  open: Opener,
  stage: BuiltStage,
  target: Target,
  attempts: readonly Attempt[],
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>()
  let left = attempts.flatMap((attempt) => ordered(attempt, stage, target))
  while (left.length > 0) {
    const { said, ending } = await carryOut(
      await openPatiently(open, {}),
      left.map(({ fields }) => fields),
    )
    for (const [name, answer] of said) answers.set(name, answer)
    const [culprit, ...rest] = left.filter(({ name }) => !answers.has(name))
    if (culprit === undefined) break
    // where no process may be started the prober acts itself: what it dies of, it was kept from
    const wasKilled = ending.reason === 'exited' && (ending.code ?? 0) > 128
    if (wasKilled) answers.set(culprit.name, ended(`ended with code ${ending.code}`))
    left = rest
  }
  return answers
}

function ordered(
  attempt: Attempt,
  stage: BuiltStage,
  target: Target,
): readonly { readonly name: string; readonly fields: readonly string[] }[] {
  const order = attempt.order(stage, target)
  return order === undefined ? [] : [{ name: attempt.name, fields: [attempt.name, ...order] }]
}

function ended(note: string): Answer {
  return { did: false, errno: 0, note }
}

/** Dozens are started, on a machine in use: one that is not built in time is no result, and is built again. */
async function openPatiently(open: Opener, request: OpenRequest): Promise<Going> {
  try {
    return await open(request)
  } catch (error) {
    if (!(error instanceof SandboxError) || error.code !== 'SANDBOX_FAILED') throw error
    return await open(request)
  }
}

type Ending = Awaited<Going['exit']>

async function carryOut(
  going: Going,
  orders: readonly (readonly string[])[],
): Promise<{ readonly said: Answers; readonly ending: Ending }> {
  const said = textOf(going.stdout)
  going.stdin.end(orderBytes(orders))
  const ending = await withDeadline(going)
  const text = await said
  going.cleanUp()
  return { said: readAnswers(text), ending }
}

async function tryAlone(
  open: Opener,
  stage: BuiltStage,
  target: Target,
  attempt: Attempt,
  alone: Alone,
): Promise<Answer | undefined> {
  const [order] = ordered(attempt, stage, target)
  if (order === undefined) return undefined
  const { maxSeconds } = alone
  const going = await openPatiently(open, maxSeconds === undefined ? {} : { maxSeconds })
  const text: { said: string } = { said: '' }
  const closed = textOf(going.stdout, (so_far) => (text.said = so_far))
  going.stdin.end(orderBytes([order.fields]))
  if (alone.then !== undefined) await act(alone.then, going, stage, text)
  const ending = await withDeadline(going)
  try {
    if (alone.bySurvivors === true) return await survivors(stage, readAnswers(text.said).get(attempt.name))
    const answer = readAnswers(await closed).get(attempt.name)
    if (answer !== undefined) return answer
    return isTold(ending) ? ended(`the run was ended: ${ending.reason}`) : undefined
  } finally {
    going.cleanUp()
    for (const pid of processesNamed(stage.mark)) process.kill(pid, 'SIGKILL')
  }
}

/** An ending that was brought about, and not merely an end without a word. */
function isTold({ reason, code = 0 }: Ending): boolean {
  return reason === 'timeout' || reason === 'output' || reason === 'memory' || code > 128
}

/** What the world outside does meanwhile. */
async function act(
  what: NonNullable<Alone['then']>,
  going: Going,
  stage: BuiltStage,
  text: { readonly said: string },
): Promise<void> {
  if (what === 'rename-over') {
    stage.replace('.npmrc')
    stage.replace('go')
    return
  }
  const isOver = going.exit.then(
    () => true,
    () => true,
  )
  while (!/ready|\{/.test(text.said)) {
    if (await Promise.race([isOver, sleep(5).then(() => false)])) return
  }
  if (what === 'stop') await going.stop()
  else killQuietly(what === 'kill-wrapper' ? going.wrapper : going.init)
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself: then there is nothing to outlive
  }
}

/** What is left on the host of a run that has ended; the last of it may take the kernel a moment. */
async function survivors(stage: BuiltStage, said: Answer | undefined): Promise<Answer> {
  const isInside = stage.side === 'inside'
  const began = performance.now()
  let left = processesNamed(stage.mark)
  while (isInside && left.length > 0 && performance.now() - began < GONE_DEADLINE_MS) {
    await sleep(10)
    left = processesNamed(stage.mark)
  }
  const note = said?.did === false ? 'it could not start a process' : `${left.length} processes are left`
  return { did: left.length > 0, errno: said?.errno ?? 0, note }
}

async function withDeadline(going: Going): Promise<Ending> {
  const timer = setTimeout(() => void going.stop(), DEADLINE_MS)
  try {
    return await going.exit
  } finally {
    clearTimeout(timer)
  }
}

function textOf(stream: Readable, heard: (soFar: string) => void = () => undefined): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const state = { text: '' }
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    state.text = (state.text + chunk).slice(-KEPT_OUTPUT)
    heard(state.text)
  })
  const end = () => resolve(state.text)
  stream.on('end', end).on('close', end).on('error', end)
  return promise
}
