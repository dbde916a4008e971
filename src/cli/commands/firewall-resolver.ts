import { checkResolver, unboundConfig } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { optionalArgument } from '../param.ts'
import { readText } from '../text-file.ts'
import { settingsOf } from './firewall-host.ts'

export const firewallResolver = command({
  name: 'firewall resolver',
  about: 'write a configuration for unbound, or check one',
  details: [
    'Without a file it prints a configuration made from resolver.upstreams and resolver.block of firewall.yaml: only this machine may ask, names travel over TLS alone, and no public name leads into your network. With a file it checks that one.',
    'Warder’s own rules are checked, and unbound-checkconf as well where it is installed. Exit 8 when something is wrong.',
  ],
  examples: [
    { run: 'warder firewall resolver', does: 'put the output in /etc/unbound/unbound.conf.d/' },
    { run: 'warder firewall resolver /etc/unbound/unbound.conf', does: 'what is wrong with this one' },
  ],
  args: { file: optionalArgument('a configuration to check', { completes: 'file' }) },
  exits: ['unavailable', 'unverified'],
  async run({ file }, context) {
    const text = file === undefined ? unboundConfig(settingsOf(context)) : readText(file)
    const { problems, checker } = await checkResolver(text)
    for (const problem of problems) context.out.warn(problem)
    context.out.note(`unbound-checkconf: ${checker}`)
    const shown =
      file === undefined ? text.trimEnd() : problems.length === 0 ? 'nothing is wrong' : 'it is not right'
    context.out.result({ problems, checker, ...(file === undefined ? { config: text } : {}) }, shown)
    return problems.length === 0 ? EXIT.ok : EXIT.unverified
  },
})
