import { parseDurationMs } from '../../core/quantity.ts'
import { fingerprintOf, identityError, LONGEST_MS, LONGEST_SLIP_MS } from '../../decide/identity/index.ts'
import type { GrantBook } from '../../decide/policy/index.ts'
import type { Handlers } from './app.ts'
import { adminAct, type AdminAct } from './people-act.ts'
import { memberAnswer, pairingAnswer, slipAnswer } from './people-answers.ts'
import type { PeopleHandlerOptions } from './people.ts'

export interface PairingHandlerOptions extends PeopleHandlerOptions {
  readonly grants: GrantBook
}

type PairingNames = 'pairingList' | 'pairingLook' | 'pairingApprove' | 'pairingReject'
type DeviceNames = 'deviceList' | 'deviceRevoke' | 'deviceRotate' | 'senderRevoke'
type TokenNames = 'tokenIssue' | 'tokenList' | 'tokenRevoke' | 'tokenCheck' | 'tokenSpend'

/** Pairing, devices, chat senders and capability tokens, as the owner handles them. */
export function pairingHandlers(
  options: PairingHandlerOptions,
): Pick<Handlers, PairingNames | DeviceNames | TokenNames> {
  const act = adminAct(options)
  return { ...codeHandlers(options, act), ...deviceHandlers(options, act), ...tokenHandlers(options, act) }
}

function codeHandlers(options: PairingHandlerOptions, act: AdminAct): Pick<Handlers, PairingNames> {
  const { people, now, socket } = options
  return {
    pairingList() {
      const pairings = people.rooms().pairings.pending().map(pairingAnswer)
      return { pairings, ...(socket === undefined ? {} : { socket }) }
    },
    pairingLook: ({ code }, { credential }) => {
      const who = people.identify(credential).id
      return people.onRecord({ who, action: 'pairing:look' }, 'refusals', () =>
        pairingAnswer(people.rooms().pairings.look(code)),
      )
    },
    pairingApprove({ code, scope, workspace, expiresIn, accept, fingerprint }, { credential }) {
      const checked = people.checkScope(scope, accept)
      const expiresAt =
        now() + Math.min(LONGEST_MS, expiresIn === undefined ? LONGEST_MS : parseDurationMs(expiresIn))
      const terms = { scope: checked, workspace: workspace ?? null, expiresAt }
      // the code itself is a secret until it is spent: the record gets who was meant, not what was typed
      const what = {
        verb: 'approve',
        target: 'pairing',
        input: { ...terms, fingerprint: fingerprint ?? null },
      }
      return act(credential, { ...what, fresh: true }, () => {
        const { pairings } = people.rooms()
        const found = pairings.look(code)
        if (fingerprint !== undefined && fingerprintOf(found.publicKey) !== fingerprint) {
          throw identityError(
            'PROOF_INVALID',
            `the key under that code has the fingerprint ${fingerprintOf(found.publicKey)}`,
            'compare it with what the device shows; if they differ: warder pairing reject CODE',
          )
        }
        return pairingAnswer(pairings.approve(code, terms))
      })
    },
    pairingReject: ({ code }, { credential }) =>
      act(credential, { verb: 'reject', target: 'pairing', input: {} }, () =>
        pairingAnswer(people.rooms().pairings.reject(code)),
      ),
  }
}

function deviceHandlers({ people, now }: PairingHandlerOptions, act: AdminAct): Pick<Handlers, DeviceNames> {
  return {
    deviceList({ all }) {
      const { members, senders } = people.rooms()
      const devices = members
        .list('device')
        .map((member) => memberAnswer(member, now()))
        .filter(({ state }) => all === true || state === 'active')
      const known = senders.list().map(({ channel, sender, scope, expiresAt }) => ({
        channel,
        sender,
        scope: [...scope],
        expiresAt: new Date(expiresAt).toISOString(),
      }))
      return { devices, senders: known }
    },
    deviceRevoke: ({ id }, { credential }) =>
      act(credential, { verb: 'revoke', target: `device:${id}`, input: { id } }, async (who) => {
        const { member, endedRuns } = await people.revoke(id, 'device', who.id)
        return { device: memberAnswer(member, now()), endedRuns }
      }),
    deviceRotate: ({ id }, { credential }) =>
      act(credential, { verb: 'rotate', target: id ?? 'all tokens', input: { id: id ?? null } }, () => {
        const { members } = people.rooms()
        return { rotated: id === undefined ? members.rotateKey() : members.rotate(id).name }
      }),
    senderRevoke: ({ channel, sender }, { credential }) =>
      act(credential, { verb: 'revoke', target: 'chat sender', input: { channel, sender } }, () => {
        people.rooms().senders.revoke(channel, sender)
        return { revoked: true }
      }),
  }
}

function tokenHandlers(options: PairingHandlerOptions, act: AdminAct): Pick<Handlers, TokenNames> {
  const { people, now, grants } = options
  return {
    tokenIssue({ agent, task, intent, capabilities, expiresIn }, { credential }) {
      const durationMs = expiresIn === undefined ? LONGEST_SLIP_MS / 24 : parseDurationMs(expiresIn)
      const checked = people.checkScope(capabilities, [])
      const request = { agent, task, intent, capabilities: checked, durationMs }
      const what = { verb: 'token', target: agent, input: request, reason: intent.slice(0, 500), fresh: true }
      return act(credential, what, () => {
        const { slips } = people.rooms()
        const { token, claims } = slips.issue(request)
        return {
          token,
          slip: slipAnswer(
            slips.list().find(({ id }) => id === claims.id)!,
            now(),
          ),
        }
      })
    },
    tokenList: () => ({
      tokens: people
        .rooms()
        .slips.list()
        .map((slip) => slipAnswer(slip, now())),
    }),
    tokenRevoke: ({ id }, { credential }) =>
      act(credential, { verb: 'revoke', target: `token ${id}`, input: { id } }, () =>
        slipAnswer(people.rooms().slips.revoke(id), now()),
      ),
    tokenCheck({ token, agent }, { credential }) {
      const who = people.identify(credential)
      const whom = who.role === 'owner' ? (agent ?? who.id) : who.id
      return people.onRecord({ who: who.id, action: 'capability:check' }, 'refusals', () => {
        const { agent: holder, task, capabilities, expiresAt } = people.rooms().slips.check(token, whom)
        return { agent: holder, task, capabilities, expiresAt: new Date(expiresAt).toISOString() }
      })
    },
    async tokenSpend({ token }, { credential }) {
      const who = people.identify(credential)
      const said = await people.onRecord({ who: who.id, action: 'capability:spend' }, 'all', () =>
        people.rooms().slips.consume(token, who.id),
      )
      // the owner signed the token: the grants are the owner's, bound to the task, and end with the token
      const owner = people.identify({ kind: 'library' })
      const at = now()
      const reason = `capability token ${said.id}`
      const given = said.capabilities.map((capability) => {
        const { agent: principal, task, expiresAt } = said
        const request = { principal, capability, task, reason, durationMs: expiresAt - at }
        return grants.add(request, owner, at).grant.id
      })
      const { agent, task, expiresAt } = said
      return { agent, task, grants: given, expiresAt: new Date(expiresAt).toISOString() }
    },
  }
}
