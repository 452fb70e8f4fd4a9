// Uses capabilities that it was not granted.
return $state.secrets.key;
