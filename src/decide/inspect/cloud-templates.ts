/** Policies for a reader of logs and metrics and no more, to begin from; each passes our own check. */
export const CLOUD_TEMPLATES = {
  'aws-read-logs': {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadLogsOfOneGroup',
        Effect: 'Allow',
        Action: ['logs:FilterLogEvents', 'logs:GetLogEvents'],
        Resource: ['arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:*'],
      },
      {
        // metrics cannot be given for one resource; the condition keeps it to one region
        Sid: 'ReadMetrics',
        Effect: 'Allow',
        Action: ['cloudwatch:GetMetricData'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:RequestedRegion': 'REGION' } },
      },
    ],
  },
  'google-read-logs': {
    title: 'Read logs and metrics',
    stage: 'GA',
    includedPermissions: ['logging.logEntries.list', 'logging.logs.list', 'monitoring.timeSeries.list'],
  },
  'azure-read-logs': {
    Name: 'Read logs and metrics',
    IsCustom: true,
    Actions: ['Microsoft.Insights/Metrics/Read', 'Microsoft.OperationalInsights/workspaces/query/read'],
    NotActions: [],
    AssignableScopes: ['/subscriptions/SUBSCRIPTION/resourceGroups/GROUP'],
  },
} as const

export type CloudTemplate = keyof typeof CLOUD_TEMPLATES
