import { lookInto } from './content.ts'
import type { Desk, OpenRequest } from './desk.ts'
import type { MessageId, ReadMessage } from './frame.ts'
import { SERVER_NOTIFICATIONS } from './methods.ts'
import type { Route } from './ports.ts'

type Notification = Extract<ReadMessage, { kind: 'notification' }>

/** Hands a notice of the server on: known by name, about something that is open, and with nothing in it that steers. */
export function noticeFromServer(
  desk: Desk,
  { method, params, text }: Notification,
  open: ReadonlyMap<MessageId, OpenRequest>,
  route: Route | undefined,
): void {
  const { ports, policy } = desk
  const left = (rule: string, reason: string): void =>
    ports.record({ kind: 'refused', from: 'server', method, name: '', rule, reason })
  if (!SERVER_NOTIFICATIONS.has(method))
    return left('method.unknown', 'nobody knows a notification of this name')
  const about = method === 'notifications/progress' ? ofToken(open, params['progressToken']) : undefined
  if (method === 'notifications/progress' && about === undefined) {
    return left('notice.progress', 'it tells of the progress of nothing that is open')
  }
  const source = `${policy.name}/${method}`
  const looked = lookInto(params, { secrets: policy.secrets, inspect: ports.inspect, source, labels: [] })
  if (looked.found !== undefined) {
    const verdict = 'refusal' in looked ? 'blocked' : 'marked'
    ports.record({ kind: 'found', method, name: '', ...looked.found, verdict })
  }
  if ('refusal' in looked) return
  if (looked.isMarked) ports.taint.add(['suspicious'], { server: policy.name, name: method })
  const isSame = looked.value === params
  ports.toClient(
    isSame ? text : JSON.stringify({ jsonrpc: '2.0', method, params: looked.value }),
    about?.route ?? route,
  )
}

function ofToken(open: ReadonlyMap<MessageId, OpenRequest>, token: unknown): OpenRequest | undefined {
  return [...open.values()].find(
    ({ progressToken }) => progressToken !== undefined && progressToken === token,
  )
}
