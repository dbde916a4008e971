import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { CONSOLE_COOKIE, SESSION_INPUTS, WhoShape, type WhoAnswer } from '../../api/console.ts'
import {
  AssertionShape,
  consolePrincipal,
  identityError,
  RegistrationShape,
  type Began,
  type ConsoleWay,
  type Passkey,
  type Purpose,
  type Session,
} from '../../decide/identity/index.ts'
import { authEvent } from '../people-events.ts'
import type { People } from '../people.ts'
import { readBody } from './body.ts'
import { sendJson } from './calls.ts'
import { consoleError } from './errors.ts'
import { checkCsrf, loggedIn, noRoute, type Address, type Visitor } from './guard.ts'

/** A request at `/session…`, with all that was found out of it. */
export interface SessionRequest {
  readonly people: People
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly at: Address
  readonly visitor: Visitor | undefined
}

type SessionCall = (about: SessionRequest) => void | Promise<void>

const MAX_BODY_BYTES = 32 * 1024

const CALLS: ReadonlyMap<string, SessionCall> = new Map<string, SessionCall>([
  ['GET /session', (about) => sendWho(about, loggedIn(about.visitor))],
  ['POST /session', login],
  ['DELETE /session', logout],
  ['POST /session/link', loginByLink],
  ['POST /session/fresh', freshen],
  ['POST /session/passkey/options', passkeyOptions],
  ['POST /session/passkey/verify', passkeyVerify],
  ['GET /session/passkeys', passkeyList],
])

/** Logging in and out, and all around it. @throws whatever a call throws; HttpError `ROUTE_UNKNOWN` */
export async function sessionCall(about: SessionRequest, path: string): Promise<void> {
  const { request } = about
  const { method = '' } = request
  const found = CALLS.get(`${method} ${path}`)
  if (found !== undefined) return await found(about)
  const [, id] = /^\/session\/passkeys\/([A-Za-z0-9_-]{1,1024})$/.exec(path) ?? []
  if (method === 'DELETE' && id !== undefined) return await passkeyRemove(about, id)
  throw noRoute(method, path)
}

async function login(about: SessionRequest): Promise<void> {
  const { people, request, at } = about
  const { passphrase, code } = SESSION_INPUTS.login.parse(await readBody(request, MAX_BODY_BYTES))
  await begin(about, 'passphrase', 'owner', () =>
    people.rooms().console.byPassphrase(passphrase, code, at.from),
  )
}

async function loginByLink(about: SessionRequest): Promise<void> {
  const { people, request, at } = about
  const { token } = SESSION_INPUTS.link.parse(await readBody(request, MAX_BODY_BYTES))
  await begin(about, 'link', 'unknown', () => {
    const began = people.rooms().console.byLink(token, at.from)
    people.console?.came()
    return began
  })
}

/** Begins a session under a new token, whatever the browser had: one that was planted before is good for nothing. */
async function begin(
  about: SessionRequest,
  way: ConsoleWay,
  who: string,
  log: () => Began | Promise<Began>,
): Promise<void> {
  const { people, response, at, visitor } = about
  const attempt = { who, action: 'console:login', target: way, details: { way, from: at.from } }
  const { session, token } = await people.onRecord(attempt, 'refusals', log)
  if (visitor !== undefined) people.rooms().sessions.end(visitor.session.id)
  await people.recorded(
    authEvent({
      ...attempt,
      who: principalOf(session),
      details: { ...attempt.details, session: session.id, role: session.console?.role ?? '' },
    }),
  )
  response.setHeader('set-cookie', `${CONSOLE_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict`)
  sendJson(response, whoAnswer(people, session, token, at))
}

function logout({ people, request, response, visitor, at }: SessionRequest): Promise<void> {
  const here = loggedIn(visitor)
  checkCsrf(people, request, here)
  const { id } = here.session
  return people.onRecord(attemptOf(here, 'console:logout', at), 'all', () => {
    people.rooms().sessions.end(id)
    response.setHeader(
      'set-cookie',
      `${CONSOLE_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`,
    )
    sendJson(response, { ended: true })
  })
}

async function freshen(about: SessionRequest): Promise<void> {
  const { people, request, at, visitor } = about
  const here = loggedIn(visitor)
  checkCsrf(people, request, here)
  const input = SESSION_INPUTS.fresh.parse(await readBody(request, MAX_BODY_BYTES))
  const { console: access, sessions } = people.rooms()
  const session = await people.onRecord(attemptOf(here, 'console:fresh', at), 'all', async () => {
    if ('token' in input) return access.freshenByLink(input.token, here.session)
    if (here.session.console.role !== 'owner') throw notTheirs()
    await access.checkOwner(input.passphrase, input.code, at.from)
    return sessions.freshen(here.session.id)
  })
  sendWho(about, { ...here, session: { ...session, console: here.session.console } })
}

function passkeyList({ people, response, visitor }: SessionRequest): void {
  const { person } = loggedIn(visitor).session.console
  sendJson(response, { passkeys: people.rooms().passkeys.list(person).map(passkeyAnswer) })
}

async function passkeyOptions(about: SessionRequest): Promise<void> {
  const { people, request, response, at, visitor } = about
  const { for: what } = SESSION_INPUTS.passkeyOptions.parse(await readBody(request, MAX_BODY_BYTES))
  const { passkeys } = people.rooms()
  const { purpose, person } = purposeOf(about, what)
  if (what !== 'login') checkCsrf(people, request, loggedIn(visitor))
  const place = placeOf(at)
  sendJson(
    response,
    what === 'register' ? passkeys.creation(purpose, person, place) : passkeys.request(purpose, place),
  )
}

async function passkeyVerify(about: SessionRequest): Promise<void> {
  const { people, request, response, at, visitor } = about
  const input = SESSION_INPUTS.passkeyVerify.parse(await readBody(request, MAX_BODY_BYTES))
  const { passkeys, console: access, sessions } = people.rooms()
  const { purpose, person } = purposeOf(about, input.for)
  const place = placeOf(at)
  if (input.for === 'login') {
    return await begin(about, 'passkey', 'unknown', () =>
      access.byPasskey(passkeys.prove(AssertionShape.parse(input.response), purpose, place).person, at.from),
    )
  }
  const here = loggedIn(visitor)
  checkCsrf(people, request, here)
  if (input.for === 'fresh') {
    const session = await people.onRecord(attemptOf(here, 'console:fresh', at), 'all', () => {
      const proven = passkeys.prove(AssertionShape.parse(input.response), purpose, place)
      if (proven.person !== person) throw notTheirs()
      return sessions.freshen(here.session.id)
    })
    return sendWho(about, { ...here, session: { ...session, console: here.session.console } })
  }
  const passkey = await people.onRecord(attemptOf(here, 'console:passkey', at), 'all', () => {
    checkFresh(people, here)
    const name = input.name ?? `passkey of ${new Date().toISOString().slice(0, 10)}`
    return passkeys.add(RegistrationShape.parse(input.response), purpose, person, place, name)
  })
  sendJson(response, { passkey: passkeyAnswer(passkey) })
}

async function passkeyRemove(about: SessionRequest, id: string): Promise<void> {
  const { people, request, response, at, visitor } = about
  const here = loggedIn(visitor)
  checkCsrf(people, request, here)
  const removed = await people.onRecord(attemptOf(here, 'console:passkey-remove', at), 'all', () => {
    checkFresh(people, here)
    return people.rooms().passkeys.remove(id, here.session.console.person)
  })
  sendJson(response, { removed: removed.id })
}

/** A way in is added or taken only by who proved themselves a short time ago, whatever their role. */
function checkFresh(people: People, { session, credential }: Visitor): void {
  if (!people.rooms().sessions.isFresh(session.id)) people.requireFreshOwner(people.identify(credential))
}

function purposeOf({ visitor }: SessionRequest, what: Purpose['for']): { purpose: Purpose; person: string } {
  if (what === 'login') return { purpose: { for: what, session: '' }, person: '' }
  const { session } = loggedIn(visitor)
  return { purpose: { for: what, session: session.id }, person: session.console.person }
}

/** @throws ConsoleError `CONSOLE_HOST` at an address, to which no passkey can be bound */
function placeOf({ host, origin }: Address): { host: string; origin: string } {
  const name = nameOf(host)
  if (name !== undefined) return { host: name, origin }
  throw consoleError(
    'CONSOLE_HOST',
    'a passkey is bound to a name, and this is an address',
    'open https://localhost',
  )
}

function nameOf(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '')
  return isIP(name) === 0 && !name.startsWith('[') ? name : undefined
}

function attemptOf({ session }: Visitor, action: string, { from }: Address) {
  const { way } = session.console
  return {
    who: principalOf(session),
    action,
    target: session.id,
    details: { session: session.id, way, from },
  }
}

export function principalOf({ console: at }: Pick<Session, 'console'>): string {
  return at === null || at.person === 'owner' ? 'owner' : consolePrincipal(at.person)
}

function passkeyAnswer({ id, name, host, madeAt, usedAt }: Passkey) {
  const used = usedAt === null ? {} : { usedAt: iso(usedAt) }
  return { id, name, host, madeAt: iso(madeAt), ...used }
}

function sendWho({ people, response, at }: SessionRequest, { session, token }: Visitor): void {
  sendJson(response, whoAnswer(people, session, token, at))
}

function whoAnswer(people: People, session: Session, token: string, { host }: Address): WhoAnswer {
  const { console: access, owner, sessions } = people.rooms()
  const times = sessions.timesOf(session)
  return WhoShape.parse({
    name: session.console?.person,
    role: session.console?.role,
    way: session.console?.way,
    session: session.id,
    csrf: access.csrfOf(token),
    freshUntil: sessions.isFresh(session.id) ? iso(times.freshUntil) : null,
    idleUntil: iso(times.idleUntil),
    expires: iso(times.endsAt),
    passphrase: owner.hasPassphrase(),
    totp: access.hasTotp(),
    passkeys: nameOf(host) !== undefined,
  })
}

function notTheirs(): Error {
  return identityError(
    'OWNER_NOT_FRESH',
    'that proves somebody else than who is logged in',
    'use your own passkey, or a new link',
  )
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
