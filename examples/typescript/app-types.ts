// The types of the application for its handlers. Types only: handlers do not see the implementation.

export interface AppState {
  status: 'open' | 'waiting' | 'refunded' | 'declined';
  readonly limit: number;
  note?: string;
}

export interface AppExtensions {
  readonly approvals: {
    request(order: { id: number; amount: number }): { approved: boolean; by: string };
  };
  readonly orders: {
    find(id: number): Promise<Order | undefined>;
  };
}

export interface AppEvents {
  'refund.granted': { order: number; amount: number };
  'refund.declined': { order: number; by: string };
}

export type AppComponent = 'orders' | 'note';

export interface Order {
  readonly id: number;
  readonly lines: readonly { readonly sku: string; readonly price: number; readonly quantity: number }[];
}

/** The arguments of the handler `refund`. */
export interface RefundArgs {
  readonly order: number;
}
