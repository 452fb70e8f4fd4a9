// What handlers see, for editors and compilers. Written by handlerTypes() of nexus-runtime/typescript: to change it, change the types.
import type { HandlerEmit, HandlerExtensions, HandlerLog, HandlerState, HandlerView } from 'nexus-runtime/handler';
import type { AppComponent, AppEvents, AppExtensions, AppState } from '../app-types.ts';

declare global {
  const $state: HandlerState<AppState>;
  const $args: any;
  const $scope: any;
  const $ext: HandlerExtensions<AppExtensions>;
  const $emit: HandlerEmit<AppEvents>;
  const $view: HandlerView<AppComponent>;
  const $log: HandlerLog;
  const $lib: {};
  type RefundArgs = import('../app-types.ts').RefundArgs;
}
