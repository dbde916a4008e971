import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { argument, option } from '../param.ts'
import { readText } from '../text-file.ts'

export const policyTest = command({
  name: 'policy test',
  about: 'hold a table of expectations against a policy',
  details: [
    'The file is YAML or JSON: a list of {agent, action, expect: allow|ask|deny, rule?}. Exit 8 when one is not met.',
  ],
  examples: [
    { run: 'warder policy test expectations.yaml', does: 'against the policy in force' },
    {
      run: 'warder policy test expectations.yaml --policy new.yaml',
      does: 'against a file before it is used',
    },
  ],
  args: { file: argument('the expectations', { completes: 'file' }) },
  options: {
    policy: option('the policy to test (default: the one in force)', { value: 'FILE', completes: 'file' }),
  },
  exits: ['unverified', 'unavailable'],
  async run({ file, policy }, { client, out, cwd }) {
    const path = resolve(cwd, file)
    const answer = await calls(await client()).call('policyTest', {
      file: path,
      text: readText(path),
      ...(policy === undefined ? {} : { policy: readText(resolve(cwd, policy)) }),
    })
    out.table(
      answer.cases,
      [
        {
          title: '',
          value: (each) => (each.ok ? 'ok' : 'FAIL'),
          style: (cell, each) => out.style(each.ok ? 'green' : 'red', cell),
        },
        { title: 'AGENT', value: (each) => each.who },
        { title: 'ACTION', value: (each) => each.action, shrinks: true },
        { title: 'EXPECTED', value: (each) => each.expect },
        { title: 'GOT', value: (each) => each.got },
        { title: 'RULE', value: (each) => each.rule },
      ],
      { value: answer },
    )
    out.note(`${answer.passed} met, ${answer.failed} not`)
    return answer.failed === 0 ? EXIT.ok : EXIT.unverified
  },
})
