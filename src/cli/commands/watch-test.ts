import { resolve } from 'node:path'
import { checkRules } from '../../watch/detect/index.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { optionalArgument } from '../param.ts'
import { readText } from '../text-file.ts'
import { rulesWith } from './watch-rules-file.ts'

export const watchTest = command({
  name: 'watch test',
  about: 'check a file of detection rules, and run the tests in it',
  details: [
    'Without a file: the shipped rules and your own. A file that is not of its shape is refused with line and column. Exit 8 when a test is not met. Nothing is changed and no daemon is needed.',
  ],
  examples: [
    { run: 'warder watch test', does: 'every rule that would be in force' },
    { run: 'warder watch test new.yaml', does: 'a file before it becomes detect.yaml' },
  ],
  args: { file: optionalArgument('the rules', { completes: 'file' }) },
  exits: ['unverified'],
  async run({ file }, { config, out, cwd }) {
    const path = file === undefined ? config.values['detect.rules'] : resolve(cwd, file)
    const all = await rulesWith(path, file === undefined ? undefined : readText(path))
    const rules = all.filter(({ from }) => file === undefined || from === 'own').map(({ rule }) => rule)
    const checks = checkRules(rules)
    const failed = checks.filter(({ isMet }) => !isMet).length
    out.table(
      checks,
      [
        {
          title: '',
          value: ({ isMet }) => (isMet ? 'ok' : 'FAIL'),
          style: (cell, { isMet }) => out.style(isMet ? 'green' : 'red', cell),
        },
        { title: 'RULE', value: ({ rule }) => rule },
        { title: 'TEST', value: ({ test }) => test, shrinks: true },
        { title: 'FIRES', value: ({ expected }) => expected },
        { title: 'FIRED', value: ({ fired }) => String(fired), right: true },
      ],
      { value: { rules: rules.length, checks, failed }, empty: 'there are no rules in it' },
    )
    out.note(`${rules.length} rules, ${checks.length - failed} tests met, ${failed} not`)
    return failed === 0 ? EXIT.ok : EXIT.unverified
  },
})
