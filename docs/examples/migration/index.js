import {
  collect, materialize, cdc, update, initializeFrom, initialize, defaultOptions, fromKinesis, toPromise, ttl,
} from 'aws-lambda-stream';

const rules = [{
  id: 'collect-orders',
  flavor: collect,
  eventType: (type) => type.startsWith('order-'),
  correlationKey: 'order.id',
  defaultTtl: 11,
}, {
  id: 'publish-customers',
  flavor: cdc,
  eventType: /customer-(created|updated)/,
  eem: { fields: ['email'] },
  rate: { num: 10, ms: 1000 },
  toEvent: (uow) => ({ customer: uow.event.raw.new }),
}, {
  id: 'rename-customers',
  flavor: update,
  eventType: 'customer-updated',
  skipLatched: true,
  toUpdateRequest: (uow) => ({ Key: { pk: uow.event.partitionKey } }),
}];

export const handle = async (event) => initialize(initializeFrom(rules), defaultOptions)
  .assemble(fromKinesis(event))
  .through(toPromise);
