// Wants what it was not granted.
return $state.secrets.key;
