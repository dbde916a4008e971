import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { counted } from '../counted.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { flag, optionalArgument } from '../param.ts'
import { readText } from '../text-file.ts'

export const policyCheck = command({
  name: 'policy check',
  about: 'check a policy: what is wrong, what can never match, what this host cannot enforce',
  details: [
    'An error refuses the whole file with line and column. A finding is something that loads but does not do what it seems to.',
    'Reads the file as it lies there now, and says when it is not what is in force.',
  ],
  examples: [
    { run: 'warder policy check', does: 'your policy file, after an edit' },
    { run: 'warder policy check new.yaml --strict', does: 'a file before it is used; findings fail too' },
  ],
  args: { file: optionalArgument('the policy file (default: yours)', { completes: 'file' }) },
  options: { strict: flag('exit 2 when there is any finding') },
  exits: ['unavailable'],
  async run({ file, strict }, { client, out, cwd }) {
    const daemon = calls(await client())
    const inForce = await daemon.call('policyShow', {})
    const path = file === undefined ? inForce.file : resolve(cwd, file)
    const text = readPolicy(path, file === undefined)
    const checked = await daemon.call('policyCheck', { file: path, text })
    out.table(
      checked.findings,
      [
        { title: 'WHERE', value: (finding) => finding.where },
        { title: 'RULE', value: (finding) => finding.rule },
        { title: 'IS', value: (finding) => finding.kind.replace('_', ' ') },
        { title: 'WHY', value: (finding) => finding.reason, shrinks: true },
        { title: 'FIX', value: (finding) => finding.fix, shrinks: true },
      ],
      { value: checked, empty: `${checked.file}: ${counted(checked.rules, 'rule')}, nothing to remark` },
    )
    if (path === inForce.file && text !== inForce.text)
      out.note('this is not in force yet: warder policy reload')
    return strict && checked.findings.length > 0 ? EXIT.invalid : EXIT.ok
  },
})

function readPolicy(path: string, isOwn: boolean): string {
  if (!isOwn || existsSync(path)) return readText(path)
  throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `there is no policy file ${path}`,
    fix: 'warder policy init writes one to begin with',
    where: path,
  })
}
