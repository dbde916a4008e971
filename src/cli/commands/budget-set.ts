import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, choiceOption, durationOption, integerOption, option, sizeOption } from '../param.ts'
import { LIKES, limitsLike } from './budget-like.ts'
import { usedText } from './budget-list.ts'

const MOST = Number.MAX_SAFE_INTEGER

export const budgetSet = command({
  name: 'budget set',
  about: 'say what an agent may use up',
  details: [
    'Sets all limits at once; one that is not named is none, and without any the budget ends. What was used in the same period still counts. Steps are questions to the gate, tool calls the programs and tools that were allowed, files the changes that were allowed, time that of runs that have ended. Tokens, money (in hundredths) and output count when they are reported (POST /v1/budgets/AGENT/spend).',
  ],
  examples: [
    { run: 'warder budget set builder --steps 1000 --files 200 --per day', does: 'for each day (UTC)' },
    { run: 'warder budget set builder --task import --tool-calls 80', does: 'for one task' },
    {
      run: 'warder budget set builder --task letter --like sensitive',
      does: 'the usual one for one small task',
    },
    { run: 'warder budget set builder', does: 'no limits any more' },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    task: option('only this task'),
    like: choiceOption('start from what one small task of this kind may use up', LIKES),
    per: choiceOption('count anew each day or month (default: never)', ['ever', 'day', 'month']),
    steps: integerOption('questions to the gate', 0, MOST),
    toolCalls: integerOption('programs and tools', 0, MOST),
    files: integerOption('changes to files', 0, MOST),
    time: durationOption('time of its runs'),
    tokens: integerOption('tokens, as reported', 0, MOST),
    output: sizeOption('output, as reported'),
    money: integerOption('money in hundredths, as reported', 0, MOST),
  },
  exits: ['denied', 'unavailable'],
  async run({ agent, task, like, per, time, output, ...counts }, { client, out }) {
    const all = {
      ...{ steps: counts.steps, toolCalls: counts.toolCalls, files: counts.files },
      ...{ tokens: counts.tokens, money: counts.money, outputBytes: output },
      seconds: time === undefined ? undefined : time / 1000,
    }
    const limits = limitsLike(like, all)
    const budget = await calls(await client()).call('budgetSet', {
      agent,
      limits,
      ...(task === undefined ? {} : { task }),
      ...(per === undefined ? {} : { per }),
    })
    const text = usedText(budget)
    out.result(budget, text === '' ? `${agent} has no budget` : `${agent}: ${text}`)
  },
})
