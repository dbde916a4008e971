/**
 * Every method this firewall knows, of all revisions from 2024-11-05 to 2026-07-28. One that is not here is not passed
 * on, whatever policy says: nobody could tell what it does.
 */

/** How a request of a client is treated. */
export type Treatment =
  /** Passed on; its answer is looked into. */
  | 'plain'
  /** Decided by the rule for what it names. */
  | 'tool'
  | 'resource'
  | 'prompt'
  /** Its answer is filtered by the same rules. */
  | 'list-tools'
  | 'list-resources'
  | 'list-prompts'
  /** Only where `methods` of the server's policy names it. */
  | 'named'
  /** Answers with what a server is. */
  | 'hello'
  /** Names a task, which is the caller's own or refused. */
  | 'task'

export const CLIENT_REQUESTS: Readonly<Record<string, Treatment>> = {
  initialize: 'hello',
  'server/discover': 'hello',
  ping: 'plain',
  'tools/list': 'list-tools',
  'tools/call': 'tool',
  'resources/list': 'list-resources',
  'resources/templates/list': 'list-resources',
  'resources/read': 'resource',
  'resources/subscribe': 'resource',
  'resources/unsubscribe': 'resource',
  'prompts/list': 'list-prompts',
  'prompts/get': 'prompt',
  'completion/complete': 'named',
  'logging/setLevel': 'plain',
  'subscriptions/listen': 'named',
  'tasks/get': 'task',
  'tasks/result': 'task',
  'tasks/cancel': 'task',
  'tasks/update': 'task',
  'tasks/list': 'named',
}

export const CLIENT_NOTIFICATIONS: ReadonlySet<string> = new Set([
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
  'notifications/tasks/status',
])

export const SERVER_NOTIFICATIONS: ReadonlySet<string> = new Set([
  'notifications/cancelled',
  'notifications/progress',
  'notifications/message',
  'notifications/tools/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/prompts/list_changed',
  'notifications/elicitation/complete',
  'notifications/tasks/status',
  'notifications/subscriptions/acknowledged',
])

/** What a server may ask its client, and the name policy knows each by. */
export const SERVER_REQUESTS: Readonly<Record<string, 'sampling' | 'elicitation' | 'roots' | 'ping'>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
  ping: 'ping',
}

/** What policy may name under `methods`. */
export const NAMED_METHODS: readonly string[] = Object.entries(CLIENT_REQUESTS)
  .filter(([, treatment]) => treatment === 'named')
  .map(([method]) => method)

/** The list a change notice is about. */
export const CHANGED_LISTS: Readonly<Record<string, 'tools' | 'resources' | 'prompts'>> = {
  'notifications/tools/list_changed': 'tools',
  'notifications/resources/list_changed': 'resources',
  'notifications/prompts/list_changed': 'prompts',
}
