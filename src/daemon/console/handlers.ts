import type { ConsoleAnswer } from '../../api/console.ts'
import type { ConsoleRole } from '../../decide/identity/index.ts'
import type { Credential } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import type { Handlers } from '../http/app.ts'
import { adminAct } from '../http/people-act.ts'
import type { People } from '../people.ts'
import { USUAL_PORT } from './bind.ts'
import type { ConsoleControl, OpenConsole } from './control.ts'
import { consoleError } from './errors.ts'
import { arePagesBuilt } from './pages-directory.ts'

type Names =
  | 'consoleShow'
  | 'consoleOpen'
  | 'consoleClose'
  | 'consoleLink'
  | 'consoleDismiss'
  | 'consolePolicy'
  | 'totpBegin'
  | 'totpConfirm'
  | 'totpRemove'

export interface ConsoleHandlerOptions {
  readonly people: People
  readonly acts: Acts
}

/** The owner's calls about the console; each is an act the gate is asked for. */
export function consoleHandlers({ people, acts }: ConsoleHandlerOptions): Pick<Handlers, Names> {
  const act = adminAct({ people, acts })
  const console = (credential: Credential, target: string, input = {}, fresh = false) => ({
    how: <T>(work: () => T | Promise<T>) => act(credential, { verb: 'console', target, input, fresh }, work),
  })
  return {
    ...totpHandlers(people, console),
    consoleShow: () => answerOf(people),
    consoleOpen: ({ port }, { credential }) =>
      console(credential, 'on', { port: port ?? null }).how(async () => {
        const isSet = (people.settings['console.listen'] ?? 'off') !== 'off'
        await controlOf(people).turnOn(port ?? (isSet ? undefined : USUAL_PORT))
        return answerOf(people)
      }),
    consoleClose: (_input, { credential }) =>
      console(credential, 'off').how(async () => {
        await controlOf(people).turnOff()
        const { sessions } = people.rooms()
        for (const { id, console: at } of sessions.list()) if (at !== null) sessions.end(id)
        return answerOf(people)
      }),
    consoleLink({ person, role }, { credential }) {
      const { url } = openedOf(people)
      // for somebody else it lets them in; for the owner it gives nothing the owner's socket does not
      return console(
        credential,
        `link/${person ?? 'owner'}`,
        { role: role ?? null },
        person !== undefined,
      ).how(() => linkAnswer(people, url, person, role))
    },
    async consolePolicy(change, caller) {
      // also at the owner's socket: it loosens as much as it likes
      await people.fresh(caller.credential, 'consolePolicy')
      return await controlOf(people).putPolicy(change, caller)
    },
    consoleDismiss: ({ name }, { credential }) =>
      console(credential, `dismiss/${name}`).how(() => ({
        dismissed: people.rooms().console.dismiss(name).name,
      })),
  }
}

type How = (
  credential: Credential,
  target: string,
  input?: object,
  fresh?: boolean,
) => { readonly how: <T>(work: () => T | Promise<T>) => Promise<T> }

function totpHandlers(
  people: People,
  console: How,
): Pick<Handlers, 'totpBegin' | 'totpConfirm' | 'totpRemove'> {
  return {
    totpBegin: (_input, { credential }) =>
      console(credential, 'totp/begin', {}, true).how(() => people.rooms().console.beginTotp()),
    totpConfirm: ({ code }, { credential }) =>
      console(credential, 'totp/confirm', {}, true).how(() => {
        people.rooms().console.confirmTotp(code)
        return { totp: true }
      }),
    async totpRemove({ passphrase }, { credential }) {
      const who = people.identify(credential)
      const source = who.uid === undefined ? {} : { uid: who.uid }
      await people.onRecord({ who: who.id, action: 'owner:check', target: 'totp', ...source }, 'all', () =>
        people.rooms().owner.check(passphrase, source),
      )
      return await console(credential, 'totp/remove').how(() => {
        people.rooms().console.removeTotp()
        return { totp: false }
      })
    },
  }
}

function linkAnswer(people: People, url: string, person: string | undefined, role: ConsoleRole | undefined) {
  const { console: access } = people.rooms()
  const known = access.people().find(({ name }) => name === person)
  const as = role === undefined || role === 'owner' ? (known?.role ?? 'viewer') : role
  const isFor = person === undefined ? ({ name: 'owner', role: 'owner' } as const) : access.admit(person, as)
  const { token, until } = access.link(isFor.name, isFor.role)
  people.console?.awaits(until)
  // behind the #: it is sent to no server and stands in no log
  return {
    ...{ url: `${url}login#link=${token}`, person: isFor.name, role: isFor.role },
    until: new Date(until).toISOString(),
  }
}

function answerOf(people: People): ConsoleAnswer {
  const { console: access, passkeys } = people.rooms()
  const open = people.console?.opened()
  const problem = people.console?.problem()
  return {
    on: open !== undefined,
    ...(open === undefined ? {} : openAnswer(open)),
    pages: open?.hasPages ?? arePagesBuilt(),
    people: access
      .people()
      .map(({ name, role, madeAt }) => ({ name, role, since: new Date(madeAt).toISOString() })),
    totp: access.hasTotp(),
    passkeys: passkeys.list('owner').length,
    ...(problem === undefined ? {} : { problem }),
  }
}

function openAnswer({ address, url, fingerprint, certificateUntilMs, sinceMs, ...open }: OpenConsole) {
  const [certificateUntil, since] = [certificateUntilMs, sinceMs].map(iso)
  const authorities = open.clientAuthorities.map(({ name, untilMs }) => ({ name, until: iso(untilMs) }))
  const asked = authorities.length === 0 ? {} : { clientCertificates: authorities }
  return { address, url, fingerprint, certificateUntil, since, ...asked }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** @throws ConsoleError `CONSOLE_OFF` */
function controlOf({ console }: People): ConsoleControl {
  if (console !== undefined) return console
  throw consoleError('CONSOLE_OFF', 'this Warder has no console', 'start the daemon: warder daemon start')
}

/** @throws ConsoleError `CONSOLE_OFF` */
function openedOf({ console }: People): OpenConsole {
  const open = console?.opened()
  if (open !== undefined) return open
  throw consoleError('CONSOLE_OFF', 'the console is not on', 'turn it on: warder console')
}
