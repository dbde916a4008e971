import {
  applySysctls,
  look,
  readText,
  requireRoot,
  rollBackSysctls,
  SYSCTLS,
  sysctlTree,
  type SysctlState,
} from '../../enforce/firewall/index.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { choiceArgument, choiceOption, manyOption } from '../param.ts'
import { firewallDirectory, recorded, refuseAgents } from './firewall-host.ts'

export const firewallSysctl = command({
  name: 'firewall sysctl',
  about: 'look at the kernel settings that protect a host, set them, and go back',
  details: [
    'plan shows each setting, as it is and as it should be; diff only those that are not right, with exit 8 when there is one. Both need no rights. apply writes them, all or none, and keeps what was there; rollback puts that back. A boot forgets what was written.',
    'What a machine needs otherwise is left out with --except, such as net.ipv4.ip_forward on a host of containers, or net.ipv6.conf.eth0.accept_ra where the router gives the address.',
  ],
  examples: [
    { run: 'warder firewall sysctl diff', does: 'what is not right here' },
    { run: 'sudo warder firewall sysctl apply --only network', does: 'those of the network' },
  ],
  args: { act: choiceArgument('what to do', ['plan', 'diff', 'apply', 'rollback']) },
  options: {
    only: choiceOption('only those of the network, or of the kernel', ['network', 'kernel']),
    except: manyOption('leave this one as it is; more than once', { value: 'KEY' }),
  },
  exits: ['denied', 'unavailable', 'unverified'],
  async run({ act, only, except }, context) {
    const states = chosen(only, except)
    if (act === 'plan' || act === 'diff') return show(context, act, states)
    refuseAgents(context)
    requireRoot(readText('/proc/self/status'), process.getuid?.() ?? -1)
    const directory = firewallDirectory(context)
    const about = only ?? 'all'
    const changed =
      act === 'apply'
        ? await recorded(
            context,
            { act: 'sysctl-apply', about, input: states.map(({ key, value }) => `${key}=${value}`) },
            async () => applySysctls(sysctlTree(), directory, states),
          )
        : await recorded(context, { act: 'sysctl-rollback', about, input: {} }, async () =>
            rollBackSysctls(sysctlTree(), directory),
          )
    context.out.result({ act, changed }, changed.length === 0 ? 'nothing had to change' : changed.join('\n'))
    return EXIT.ok
  },
})

function chosen(only: 'network' | 'kernel' | undefined, except: readonly string[]): SysctlState[] {
  const all = look(sysctlTree(), SYSCTLS)
  const known = new Set([...all, ...SYSCTLS].map(({ key }) => key))
  const strange = except.find((key) => !known.has(key))
  if (strange !== undefined) {
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: `${strange} is not among these settings`,
      fix: 'name one that warder firewall sysctl plan shows',
    })
  }
  return all.filter(({ key, group }) => (only === undefined || group === only) && !except.includes(key))
}

function show({ out }: Context, act: 'plan' | 'diff', states: readonly SysctlState[]): number {
  const wrong = states.filter(({ isRight }) => !isRight)
  out.table(
    act === 'plan' ? states : wrong,
    [
      { title: 'KEY', value: ({ key }) => key },
      { title: 'IS', value: ({ found = 'not in this kernel' }) => found },
      { title: 'SHOULD BE', value: ({ value, isRight }) => (isRight ? 'right' : value) },
      { title: 'WHY', value: ({ why }) => why, shrinks: true },
    ],
    { value: { settings: act === 'plan' ? states : wrong }, empty: 'every setting is right' },
  )
  return act === 'diff' && wrong.length > 0 ? EXIT.unverified : EXIT.ok
}
