import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument, durationOption, option, requiredOption } from '../param.ts'

export const grantAdd = command({
  name: 'grant add',
  about: 'grant an agent a capability for a time',
  details: [
    'A grant is signed, ends by itself (10 minutes unless told, 24 hours at most), can be revoked at once, and never opens what policy denies or a hard exclusion guards.',
  ],
  examples: [
    {
      run: 'warder grant add builder fs:read:/srv/data/** --reason "nightly import" --for 2h',
      does: 'read access for two hours',
    },
  ],
  args: {
    agent: argument('who gets it', { completes: 'agent' }),
    capability: argument('namespace:action[:resource_pattern]'),
  },
  options: {
    reason: requiredOption('why; kept in the record'),
    for: durationOption('how long it holds (default 10m)'),
    in: durationOption('when it begins (default: now)'),
    task: option('the task it is bound to'),
  },
  exits: ['denied', 'unavailable'],
  async run({ agent, capability, reason, for: duration, in: startsIn, task }, { client, out }) {
    const grant = await calls(await client()).call('grantAdd', {
      principal: agent,
      capability,
      reason,
      ...(duration === undefined ? {} : { duration: `${duration}ms` }),
      ...(startsIn === undefined ? {} : { startsIn: `${startsIn}ms` }),
      ...(task === undefined ? {} : { task }),
    })
    out.result(
      grant,
      `${grant.principal} may ${grant.capability} until ${localTime(Date.parse(grant.expiresAt))}; grant ${grant.id}`,
    )
    for (const warning of grant.warnings) out.warn(warning)
    out.note(`take it back with: warder grant revoke ${grant.id}`)
  },
})
