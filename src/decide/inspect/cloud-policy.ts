import type { RiskLevel } from '../../core/risk.ts'

/**
 * What in a cloud provider's access policy gives more than a task needs: wildcards, rights that lead to all others,
 * and everybody as a member. Reads the JSON of AWS IAM policies, of Google Cloud policies and roles, and of Azure role
 * definitions. It knows what is too wide by its form; whether a narrow right is needed, it cannot know.
 *
 * @see AWS IAM User Guide, "Grammar of the IAM JSON policy language"; Google Cloud IAM, "Policy"; Azure RBAC, "Role
 * definitions"
 */
export interface CloudFinding {
  readonly risk: RiskLevel
  /** Where in the document, such as `Statement[0].Action`. */
  readonly where: string
  readonly value: string
  readonly what: string
  readonly fix: string
}

export type CloudKind = 'aws' | 'google' | 'azure'

export interface CloudReport {
  readonly kind: CloudKind
  readonly findings: readonly CloudFinding[]
}

type Value = Readonly<Record<string, unknown>>

/** Rights by which whoever has them can give himself all others. Lower case. */
const LEADS_TO_ALL =
  /^(?:iam:(?:passrole|create(?:accesskey|policyversion|loginprofile)|(?:attach|put)(?:user|role|group)policy|setdefaultpolicyversion|updateassumerolepolicy|addusertogroup)|sts:assumerole|lambda:(?:createfunction|updatefunctioncode)|(?:iam\.serviceaccounts\.(?:actas|getaccesstoken|signblob|signjwt)|iam\.serviceaccountkeys\.create|resourcemanager\.\w+\.setiampolicy|iam\.roles\.update)|microsoft\.authorization\/(?:roleassignments|roledefinitions)\/(?:write|\*))$/
const BASIC_ROLES = new Set(['roles/owner', 'roles/editor', 'roles/viewer'])
const EVERYBODY = new Set(['allusers', 'allauthenticatedusers'])

/** @returns undefined when it is no policy of a kind that is known: not judged, which is not clean */
export function judgeCloudPolicy(document: unknown): CloudReport | undefined {
  if (!isObject(document)) return undefined
  if (document['Statement'] !== undefined) return aws(list(document['Statement']))
  if (Array.isArray(document['bindings'])) return { kind: 'google', findings: google(document['bindings']) }
  if (Array.isArray(document['includedPermissions']))
    return { kind: 'google', findings: rights(document['includedPermissions'], 'includedPermissions', '*') }
  const azureActions =
    document['permissions'] ??
    (isObject(document['properties']) ? document['properties']['permissions'] : undefined)
  if (Array.isArray(azureActions)) return { kind: 'azure', findings: azure(azureActions) }
  if (Array.isArray(document['Actions'])) return { kind: 'azure', findings: azure([document]) }
  return undefined
}

function aws(statements: readonly unknown[]): CloudReport | undefined {
  const findings: CloudFinding[] = []
  for (const [at, statement] of statements.entries()) {
    if (!isObject(statement)) return undefined
    const { Effect: effect } = statement
    if (effect !== 'Allow' && effect !== 'Deny') return undefined
    if (effect === 'Allow') findings.push(...allowing(statement, `Statement[${at}]`))
  }
  return { kind: 'aws', findings }
}

function allowing(statement: Value, where: string): CloudFinding[] {
  const findings = rights(list(statement['Action']), `${where}.Action`, ':*')
  for (const name of ['NotAction', 'NotResource', 'NotPrincipal']) {
    if (statement[name] === undefined) continue
    const value = list(statement[name]).map(String).join(', ')
    findings.push({
      ...{ risk: 'high', where: `${where}.${name}`, value },
      what: 'allows everything but what it names, also what the provider adds later',
      fix: `name what is allowed: ${name.slice(3)}`,
    })
  }
  for (const resource of list(statement['Resource']).map(String)) {
    if (resource !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:\*$/.test(resource)) continue
    const isBound = isObject(statement['Condition'])
    findings.push({
      ...{
        risk: isBound || readsOnly(list(statement['Action'])) ? 'low' : 'high',
        where: `${where}.Resource`,
        value: resource,
      },
      what: 'holds for every resource',
      fix: 'name the resources by their ARN',
    })
  }
  for (const [key, value] of principals(statement['Principal']))
    if (value === '*')
      findings.push({
        ...{
          risk: isObject(statement['Condition']) ? 'medium' : 'critical',
          where: `${where}.Principal${key}`,
          value,
        },
        what: 'holds for everybody, whatever account they are of',
        fix: 'name the accounts or roles',
      })
  return findings
}

function principals(principal: unknown): [string, string][] {
  if (typeof principal === 'string') return [['', principal]]
  if (!isObject(principal)) return []
  return Object.entries(principal).flatMap(([kind, each]) =>
    list(each).map((value): [string, string] => [`.${kind}`, String(value)]),
  )
}

function google(bindings: readonly unknown[]): CloudFinding[] {
  return bindings.flatMap((binding, at) => {
    if (!isObject(binding)) return []
    const where = `bindings[${at}]`
    const role = String(binding['role'])
    const open = list(binding['members'])
      .map(String)
      .filter((member) => EVERYBODY.has(member.toLowerCase()))
    return [
      ...(BASIC_ROLES.has(role)
        ? [
            {
              ...{
                risk: role === 'roles/viewer' ? ('medium' as const) : ('high' as const),
                where: `${where}.role`,
                value: role,
              },
              what: 'a basic role: thousands of rights over all services',
              fix: 'give a predefined role of one service, or a custom role',
            },
          ]
        : []),
      ...open.map((value) => ({
        ...{ risk: 'critical' as const, where: `${where}.members`, value },
        what: 'everybody on the internet',
        fix: 'name accounts or groups',
      })),
    ]
  })
}

function azure(permissions: readonly unknown[]): CloudFinding[] {
  return permissions.flatMap((permission, at) =>
    isObject(permission)
      ? ['actions', 'Actions', 'dataActions', 'DataActions'].flatMap((name) =>
          rights(list(permission[name]), `permissions[${at}].${name}`, '/*'),
        )
      : [],
  )
}

/** @param whole how the names of all rights of one service end */
function rights(names: readonly unknown[], where: string, whole: string): CloudFinding[] {
  return names.map(String).flatMap((value): CloudFinding[] => {
    const name = value.toLowerCase()
    if (name === '*' || name === '*:*' || name === '*/*')
      return [{ ...{ risk: 'critical', where, value }, what: 'every right there is', fix: 'name the rights' }]
    if (LEADS_TO_ALL.test(name))
      return [
        {
          ...{ risk: 'high', where, value },
          what: 'leads to every other right, by acting as somebody who has them',
          fix: 'leave it out, or bind it to one role and a condition',
        },
      ]
    if (name.endsWith(whole) && !name.endsWith('/read'))
      return [{ ...{ risk: 'high', where, value }, what: 'every right of a service', fix: 'name the rights' }]
    if (name.includes('*') && !reads(name))
      return [
        {
          ...{ risk: 'medium', where, value },
          what: 'a wildcard over rights that change things',
          fix: 'name the rights',
        },
      ]
    return []
  })
}

function readsOnly(names: readonly unknown[]): boolean {
  return names.length > 0 && names.every((name) => reads(String(name).toLowerCase()))
}

function reads(name: string): boolean {
  return (
    /(?::(?:get|list|describe|lookup|filter|head)[\w*]*|\/read|\.(?:get|list))$/.test(name) &&
    !/^(?:secretsmanager|ssm):get/.test(name)
  )
}

function list(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
