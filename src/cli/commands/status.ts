import { calls } from '../../client/calls.ts'
import { airlockWords } from './airlock-show.ts'
import type { StatusAnswer } from '../../api/endpoints.ts'
import { command, type Context } from '../command.ts'
import { counted } from '../counted.ts'
import { localTime } from '../out.ts'
import { flag } from '../param.ts'
import { telling } from '../waiting.ts'
import { controlTable } from './controls.ts'

export const status = command({
  name: 'status',
  about: 'what protection is in force right now, and what is degraded',
  examples: [
    { run: 'warder status', does: 'one screen' },
    { run: 'warder status --controls', does: 'every control, with what its last tests showed' },
  ],
  options: { controls: flag('list every control with its status') },
  exits: ['unavailable'],
  async run({ controls }, context) {
    const asked = calls(await context.client()).call('status', {})
    const answer = await telling(context.out, TRYING, asked)
    if (controls) return controlTable(context, answer)
    context.out.result(answer, screen(answer, context))
  },
})

/** What takes the time where Warder says how well it is: nothing is claimed that was not tried just now. */
export const TRYING = 'trying what this machine keeps; this takes some seconds'

function screen(answer: StatusAnswer, { out }: Context): string {
  const good = (text: string) => out.style('green', text)
  const bad = (text: string) => out.style('red', text)
  const missing = answer.sandbox.guarantees.filter(({ inForce }) => !inForce)
  const lines = [
    `mode      ${answer.mode === 'normal' ? good('normal') : bad('manual: every agent is stopped')}`,
    ...answer.stops.map(
      (stop) => `stopped   ${bad(stop.agent)} since ${stop.since} by ${stop.by}: ${stop.reason}`,
    ),
    `policy    ${counted(answer.policy.rules, 'rule')}, ${counted(answer.policy.grants, 'live grant')}, digest ${answer.policy.digest.slice(0, 12)}, epoch ${answer.policy.epoch}`,
    `          ${answer.policy.file}${answer.policy.problem === undefined ? '' : `\n          ${bad(answer.policy.problem)}`}`,
    `ledger    ${answer.ledger.ok ? good('writable') : bad('not writable')}, ${answer.ledger.seq} entries, head ${answer.ledger.head.slice(0, 12)}, ${answer.ledger.witness === undefined ? 'no witness' : `witness ${answer.ledger.witness}`}`,
    `          ${answer.ledger.directory}`,
    `sandbox   ${answer.sandbox.available ? good(answer.sandbox.driver) : bad(`${answer.sandbox.driver} is not available`)}, level ${answer.sandbox.level}, ${answer.sandbox.guarantees.length - missing.length} of ${answer.sandbox.guarantees.length} guarantees in force`,
    ...missing.map(({ name, why }) => `          ${bad('not in force')} ${name}: ${why}`),
    ...(answer.sandbox.tests.length === 0
      ? [`tested    ${out.style('yellow', 'not tested on this boot')}: warder sandbox test`]
      : answer.sandbox.tests.map((test) => `tested    ${testLine(test, good, bad)}`)),
    `memory    ${memoryLine(answer.memory, good, bad)}`,
    `approvals ${approvalsLine(answer.approvals)}`,
    ...stageLines(answer.approvals),
    `network   ${egressLine(answer.egress)}`,
    `socket    ${answer.socket.path}, peer uid ${answer.socket.peerUid ? good('checked') : bad('not checked')}`,
    ...(answer.health === undefined ? [] : [`health    ${healthLine(answer.health, good, bad)}`]),
    ...(answer.humans ?? []).map((human) => `human     ${humanLine(human)}`),
    `daemon    pid ${answer.pid}, version ${answer.version}, profile ${answer.profile}, since ${localTime(Date.parse(answer.startedAt))}`,
    `agents    ${answer.runs.length === 0 ? 'none runs' : ''}${answer.runs.map((run) => `${run.agent} (${counted(run.processes, 'process', 'processes')}, ${run.profile}) ${run.command}`).join('\n          ')}`,
    ...(answer.unsettled === 0
      ? []
      : [
          `unsettled ${bad(String(answer.unsettled))} permits were never settled: warder audit list --unsettled`,
        ]),
    ...answer.degraded.map((what) => `degraded  ${out.style('yellow', what)}`),
  ]
  return lines.join('\n')
}

type Paint = (text: string) => string

function egressLine({ proxy, airlock, runs }: StatusAnswer['egress']): string {
  const ways = `${runs} ${runs === 1 ? 'run has' : 'runs have'} a way out, through the egress proxy alone`
  const lock = airlock.mode === 'off' ? '' : `; ${airlockWords(airlock)}`
  return `${ways} (${proxy})${lock}`
}

/** The parts that are not well, by name, each with the command that mends it; what is wrong with them: warder health. */
function healthLine({ overall, notWell }: NonNullable<StatusAnswer['health']>, good: Paint, bad: Paint) {
  if (overall === 'ok') return good('ok')
  const parts = notWell.map(
    ({ name, state, fix }) => `${name} ${state}${fix === undefined ? '' : ` (mend it: ${fix})`}`,
  )
  return `${bad(overall)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}; every part: warder health`
}

function humanLine({ user, line, from, since }: NonNullable<StatusAnswer['humans']>[number]): string {
  const where = from === undefined ? line : `${line} from ${from}`
  return `${user} on ${where}${since === undefined ? '' : ` since ${localTime(Date.parse(since))}`}`
}

function approvalsLine(approvals: StatusAnswer['approvals']): string {
  const { pending, watchers, reachable, autonomy, allowances, prompts, tasks, promptsPerTask } = approvals
  const there =
    watchers > 0
      ? `${watchers} watch`
      : reachable
        ? 'somebody can be reached'
        : 'nobody watches: asking is a no'
  const work = approvals.mode === 'standard' ? '' : `, agents ${approvals.mode}`
  return `${pending} wait, ${there}; autonomy ${autonomy}${work}; ${counted(allowances, 'allowance')}; ${counted(prompts, 'question')} in ${counted(tasks, 'task')} (${promptsPerTask} per task)`
}

/** Agents that earn their trust, and what each stage asks for. */
function stageLines({ stages }: StatusAnswer['approvals']): string[] {
  const asks = {
    draft: 'asks from medium risk on',
    trial: 'asks from high risk on',
    verified: 'as policy says',
  }
  return stages.map(({ agent, stage }) => `trust     ${agent} is ${stage}: ${asks[stage]}`)
}

/** What keeps the daemon's memory from others; what is not in force is named, with the reason in the doctor's list. */
function memoryLine(guards: StatusAnswer['memory'], good: Paint, bad: Paint): string {
  const names = (inForce: boolean) =>
    guards.filter((each) => each.inForce === inForce).map(({ name }) => name)
  const [kept, open] = [names(true), names(false)]
  return [
    ...(kept.length === 0 ? [] : [good(kept.join(', '))]),
    ...(open.length === 0 ? [] : [`${bad('not in force')}: ${open.join(', ')}`]),
  ].join('; ')
}

/** What the last self-test of this boot showed, for one driver and profile. */
function testLine(test: StatusAnswer['sandbox']['tests'][number], good: Paint, bad: Paint): string {
  const { counts, isGreen, isWhole, isCurrent, entry } = test
  const found = isGreen
    ? good(`${counts.stopped} of ${counts.tried} ways out stopped, none open`)
    : counts.escaped > 0
      ? bad(`${counts.escaped} ways out are open: ${test.escaped.join(', ')}`)
      : bad(`not complete: ${counts.missing} attempts are missing`)
  return [
    `${test.driver}, profile ${test.profile}, level ${test.level}, ${localTime(Date.parse(test.startedAt))}: ${found}`,
    ...(isWhole ? [] : ['only a part was tried']),
    ...(isCurrent ? [] : ['the profile has changed since']),
    ...(entry === undefined ? ['not recorded'] : [`entry ${entry}`]),
  ].join(', ')
}
