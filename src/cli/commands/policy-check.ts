import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { flag, optionalArgument } from '../param.ts'
import { readText } from '../text-file.ts'

export const policyCheck = command({
  name: 'policy check',
  about: 'check a policy: what is wrong, what can never match, what this host cannot enforce',
  details: [
    'An error refuses the whole file with line and column. A finding is something that loads but does not do what it seems to.',
  ],
  examples: [
    { run: 'warder policy check', does: 'the policy in force' },
    { run: 'warder policy check new.yaml --strict', does: 'a file before it is used; findings fail too' },
  ],
  args: { file: optionalArgument('the policy file (default: the one in force)', { completes: 'file' }) },
  options: { strict: flag('exit 2 when there is any finding') },
  exits: ['unavailable'],
  async run({ file, strict }, { client, out, cwd }) {
    const path = file === undefined ? undefined : resolve(cwd, file)
    const input = path === undefined ? {} : { file: path, text: readText(path) }
    const checked = await calls(await client()).call('policyCheck', input)
    out.table(
      checked.findings,
      [
        { title: 'WHERE', value: (finding) => finding.where },
        { title: 'RULE', value: (finding) => finding.rule },
        { title: 'IS', value: (finding) => finding.kind.replace('_', ' ') },
        { title: 'WHY', value: (finding) => finding.reason, shrinks: true },
        { title: 'FIX', value: (finding) => finding.fix, shrinks: true },
      ],
      { value: checked, empty: `${checked.file}: ${checked.rules} rules, nothing to remark` },
    )
    return strict && checked.findings.length > 0 ? EXIT.invalid : EXIT.ok
  },
})
