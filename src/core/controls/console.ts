import type { Control } from '../control.ts'

export const CONSOLE_CONTROLS: readonly Control[] = [
  {
    id: 'console-closed',
    title: 'The console is off, and then on this machine alone',
    layer: 'ground',
    promise:
      'Nothing listens until a setting or the owner’s command turns it on; then on loopback, with TLS 1.3, and any other address only for the network that is named. It is called by its own names alone.',
    limits:
      'Its certificate was made here, and nobody else vouches for it: whoever takes it without comparing the fingerprint may be speaking to somebody else.',
    module: 'src/daemon/console/bind.ts',
    tests: [
      'src/daemon/console/bind.test.ts',
      'src/daemon/console/certificate.test.ts',
      'test/attacks/console.test.ts#it does not start open',
      'test/attacks/console-wire.ts#plain HTTP',
      'test/attacks/console.test.ts#nobody is let in to a console that was turned off',
    ],
  },
  {
    id: 'console-logged-in',
    title: 'Nobody is heard at the console who did not prove who they are',
    layer: 'decide',
    promise:
      'Each call needs a session that began with a link good once, the passphrase with its code, or a passkey. Sessions end when idle, are kept as digests, and stop being good the moment they are ended. Guessing is slow and locks nobody out elsewhere.',
    limits:
      'A browser that was left open is the owner until it has been idle for long enough, save for what asks for the passphrase again.',
    module: 'src/decide/identity/console.ts',
    tests: [
      'src/decide/identity/console.test.ts',
      'src/decide/identity/totp.test.ts',
      'test/attacks/console-roles.ts#without log-in',
      'test/attacks/console-sessions.ts#a link, a session',
      'test/attacks/console-sessions.ts#a token of the console',
      'test/attacks/console.test.ts#guessing the passphrase',
    ],
  },
  {
    id: 'console-own-pages',
    title: 'Only the console’s own page can act in your name',
    layer: 'ground',
    promise:
      'An act needs the right host, the right origin, JSON, and a word that only the page of this session knows; no page may frame it, and it loads nothing from elsewhere. What an agent wrote is data in every answer.',
    limits: 'An extension of the browser sees and does what the page does.',
    module: 'src/daemon/console/guard.ts',
    tests: [
      'test/attacks/console-sessions.ts#another page',
      'test/attacks/console-sessions.ts#the log-in cannot be made',
      'test/attacks/console-wire.ts#every answer forbids',
      'test/attacks/console-wire.ts#a path never leads',
      'test/attacks/console-wire.ts#text of an agent',
      'src/daemon/console/pages.test.ts',
    ],
  },
  {
    id: 'console-no-more-power',
    title: 'The console can do no more than the commands, and others less',
    layer: 'decide',
    promise:
      'Each call goes through the same handlers and the same gate, by a table of who may make it; what hands out secrets, runs or ways in is not in it. What loosens something needs the passphrase or passkey, given a short time ago. Each act is on record with person, session and way of log-in.',
    limits: 'What an owner’s browser may do, whoever sits before it may do.',
    module: 'src/daemon/console/roles.ts',
    tests: [
      'src/daemon/console/roles.test.ts',
      'test/attacks/console-roles.ts#a viewer looks',
      'test/attacks/console-roles.ts#the console cannot turn itself',
      'test/journeys/console-api.test.ts#a waiting command',
      'test/journeys/console-api.test.ts#Stop ends what runs',
    ],
  },
  {
    id: 'console-limits',
    title: 'A page that asks too much, or reads nothing, holds nobody up',
    layer: 'ground',
    promise:
      'Requests, bodies, headers, connections and streams are limited, slow clients are not waited for, and what comes faster than a page can show is counted, so that nothing piles up in the daemon.',
    limits:
      'On loopback all users of the machine share one limit: another user can keep the console busy, not the commands.',
    module: 'src/daemon/console/events.ts',
    tests: [
      'src/daemon/console/events.test.ts',
      'test/attacks/console-wire.ts#streams run out',
      'test/attacks/console-wire.ts#what is malformed',
    ],
  },
]
