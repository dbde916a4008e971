import { isAtLeast, RISK_LEVELS } from '../../core/risk.ts'
import { judgeCloudPolicy, type CloudReport } from '../../decide/inspect/cloud-policy.ts'
import { CLOUD_TEMPLATES, type CloudTemplate } from '../../decide/inspect/cloud-templates.ts'
import { readSmallFile } from '../../platform/files.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { choiceOption, optionalArgument } from '../param.ts'

const TEMPLATES = Object.keys(CLOUD_TEMPLATES) as [CloudTemplate, ...CloudTemplate[]]

export const scanCloud = command({
  name: 'scan cloud',
  about: 'find what in a cloud access policy is wider than it need be',
  details: [
    'Reads the JSON of AWS IAM policies, Google Cloud policies and roles, and Azure role definitions, and tells of wildcards, of rights by which one gets all others, and of policies that are for everybody. What an agent’s credential may do at a provider no guard on this machine can narrow: give it a policy of its own.',
    'Exit 0 when nothing reaches --fail-at (default: medium), 8 when something does; a file that is no policy of these is an error, not clean.',
  ],
  examples: [
    { run: 'warder scan cloud agent-policy.json', does: 'judges one file' },
    {
      run: 'warder scan cloud --template aws-read-logs',
      does: 'prints a narrow policy to begin from',
    },
  ],
  args: { path: optionalArgument('a file of JSON', { value: 'FILE', completes: 'file' }) },
  options: {
    template: choiceOption('print a policy for a reader of logs and metrics', TEMPLATES),
    failAt: choiceOption('exit 8 from this risk on', RISK_LEVELS),
  },
  exits: ['unverified'],
  needsConfig: false,
  async run({ path, template, failAt = 'medium' }, { out }) {
    if (template !== undefined) {
      out.result(CLOUD_TEMPLATES[template], JSON.stringify(CLOUD_TEMPLATES[template], undefined, 2))
      return EXIT.ok
    }
    if (path === undefined) throw unusable('no file was named', 'warder scan cloud FILE')
    const { kind, findings } = judge(path)
    const rows = findings.map(
      ({ risk, where, value, what, fix }) =>
        `${path}: ${out.style(isAtLeast(risk, 'high') ? 'red' : 'yellow', risk)} ${where} ${value}: ${what}; ${fix}`,
    )
    out.result(
      { path, kind, findings },
      rows.length === 0 ? 'nothing is wider than it need be by its form' : rows.join('\n'),
    )
    return findings.some(({ risk }) => isAtLeast(risk, failAt)) ? EXIT.unverified : EXIT.ok
  },
})

function judge(path: string): CloudReport {
  const bytes = readSmallFile(path)
  if (bytes === undefined) throw unusable(`there is no file ${path}`, 'name an existing file')
  let document: unknown
  try {
    document = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw unusable(`${path} is not JSON: ${String(cause)}`, 'name a policy in JSON')
  }
  const report = judgeCloudPolicy(document)
  if (report === undefined)
    throw unusable(
      `${path} is no policy of AWS, Google Cloud or Azure that is known here`,
      'name a policy or role definition in JSON',
    )
  return report
}

function unusable(what: string, fix: string): CliError {
  return new CliError(CLI_ERRORS, 'FILE_INVALID', { what, fix })
}
