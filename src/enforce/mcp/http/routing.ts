import type { Message } from '../frame.ts'
import { decodedField, encodedField, fieldOf, TWICE, type Fields } from './field.ts'
import { declared, paramFields, type ParamField } from './param.ts'
import type { Turned } from './refusal.ts'
import { isAsking, mismatch, type Spoken } from './version.ts'

/** Which member of the parameters `Mcp-Name` repeats. */
const NAME_OF: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

const PARAM = 'mcp-param-'

type Asking = Extract<Message, { method: string }>

/**
 * Whether the header fields that tell others on the way where a message goes say what it says. They are compared before
 * anything is decided, and never passed on: what goes to the server is made anew from the body that was decided on.
 *
 * @param params what the called tool repeats of its arguments in header fields, if its definition has been seen
 */
export function checkRouting(
  message: Message,
  fields: Fields,
  { era }: Spoken,
  params?: readonly ParamField[],
): Turned | undefined {
  if (!isAsking(message)) return undefined
  const { method } = message
  const needed = era === 'stateless' && message.kind === 'request'
  return (
    checkMethod(fields, method, needed) ??
    checkName(message, fields, needed) ??
    checkParams(message, fields, needed, params)
  )
}

function checkMethod(fields: Fields, method: string, isNeeded: boolean): Turned | undefined {
  const value = fieldOf(fields, 'mcp-method')
  if (value === TWICE) return mismatch('the header field mcp-method came twice')
  if (value === undefined) return isNeeded ? mismatch('the header field mcp-method is missing') : undefined
  return value === method ? undefined : mismatch(`mcp-method names another method than the body`)
}

function checkName({ method, params }: Asking, fields: Fields, isNeeded: boolean): Turned | undefined {
  const value = fieldOf(fields, 'mcp-name')
  if (value === TWICE) return mismatch('the header field mcp-name came twice')
  const member = Object.hasOwn(NAME_OF, method) ? NAME_OF[method] : undefined
  const name = member === undefined ? undefined : params[member]
  if (value === undefined)
    return isNeeded && typeof name === 'string' ? mismatch('the header field mcp-name is missing') : undefined
  const decoded = decodedField(value)
  if (decoded === undefined) return mismatch('mcp-name is not the Base64 it says it is')
  return decoded === name ? undefined : mismatch('mcp-name names something else than the body')
}

function checkParams(
  { method, params: { arguments: given } }: Asking,
  fields: Fields,
  isNeeded: boolean,
  params?: readonly ParamField[],
): Turned | undefined {
  const names = [...fields.keys()].filter((name) => name.startsWith(PARAM))
  if (method !== 'tools/call')
    return names.length === 0 ? undefined : mismatch(`${names[0]} belongs to calls of tools alone`)
  for (const name of names) {
    const value = fieldOf(fields, name)
    const decoded = typeof value === 'string' ? decodedField(value) : undefined
    if (decoded === undefined) return mismatch(`${name} came twice, or is not the Base64 it says it is`)
    if (!declared(name.slice(PARAM.length), decoded, given, params))
      return mismatch(`${name} says something else than the arguments`)
  }
  if (!isNeeded || params === undefined) return undefined
  const absent = paramFields(given, params).find(([name]) => !names.includes(`${PARAM}${name.toLowerCase()}`))
  return absent === undefined
    ? undefined
    : mismatch(`the header field mcp-param-${absent[0].toLowerCase()} is missing`)
}

/** The header fields a message goes to the server with, made from it and from nothing else. */
export function routingOf(
  message: Message,
  version: string | undefined,
  era: Spoken['era'],
  params: readonly ParamField[] = [],
): Record<string, string> {
  const fields: Record<string, string> = version === undefined ? {} : { 'mcp-protocol-version': version }
  if (era !== 'stateless' || !isAsking(message)) return fields
  const { method, params: given } = message
  fields['mcp-method'] = method
  const member = Object.hasOwn(NAME_OF, method) ? NAME_OF[method] : undefined
  const name = member === undefined ? undefined : given[member]
  if (typeof name === 'string') fields['mcp-name'] = encodedField(name)
  if (method !== 'tools/call') return fields
  for (const [header, text] of paramFields(given['arguments'], params))
    fields[`mcp-param-${header.toLowerCase()}`] = encodedField(text)
  return fields
}
