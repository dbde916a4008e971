import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, flag, manyOption, option, requiredOption } from '../param.ts'
import { warnOfNobody } from './stop.ts'
import { receiptTable, timeWords } from './incident-words.ts'

const NAMED = { frozen: 'frozen', dead: 'dead', revoked: 'revoked', rolledBack: 'rolled back' } as const

export const contain = command({
  name: 'contain',
  about: 'stop an agent, keep the evidence, take back its rights, put its workspace back',
  details: [
    'In this order, each looked at in the world before it counts as done: everything it runs is frozen; its processes, its sandbox and its workspace are kept as evidence; its connections are cut; it is killed; its grants, permits, allowances and tokens are taken back; the secrets it could have used are taken out of use; and its workspace goes back to the newest whole snapshot from before it began, or to the one you name. What that changes is kept first.',
    'It stays stopped. All of it is one incident: look at it with warder incident show, and let the agent go on with warder recover. Exit 5 when something could not be confirmed; it is tried again meanwhile.',
  ],
  examples: [
    { run: 'warder contain builder --reason "it reads my mail"', does: 'everything' },
    {
      run: 'warder contain builder --keep-workspace --reason "strange traffic"',
      does: 'its files stay as they are',
    },
    { run: 'warder contain builder --to 0198c2 --reason "broke the build"', does: 'back to one snapshot' },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    to: option('the snapshot its workspace goes back to', { value: 'SNAPSHOT' }),
    keepWorkspace: flag('leave the workspace as it is'),
    block: manyOption('a host or an address that nobody here reaches any more', { value: 'ADDRESS' }),
    reason: requiredOption('why; kept in the record'),
  },
  exits: ['missing', 'denied', 'conflict', 'unavailable'],
  async run({ agent, to, keepWorkspace, block, reason }, context) {
    if (to !== undefined && keepWorkspace) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: '--to and --keep-workspace say two things',
        fix: 'leave one of them out',
      })
    }
    warnOfNobody(context, agent)
    const answer = await calls(await context.client()).call('contain', {
      ...{ agent, reason, keepWorkspace, block: [...block] },
      ...(to === undefined ? {} : { to }),
    })
    const { incident, times } = answer
    const timed = Object.entries(NAMED).flatMap(([key, words]) => {
      const ms = times[key]
      return ms === undefined ? [] : [`${words} after ${timeWords(ms)}`]
    })
    const isDone = incident.state === 'contained'
    const verdict = isDone ? `${agent} is contained` : `${agent} IS NOT CONTAINED: ${incident.state}`
    context.out.result(
      answer,
      [
        receiptTable(incident.actions, context),
        '',
        `${verdict}${timed.length === 0 ? '' : `: ${timed.join(', ')}`}`,
      ].join('\n'),
    )
    context.out.note(`the case: warder incident show ${incident.id}`)
    return isDone ? EXIT.ok : EXIT.conflict
  },
})
