"""stream: listens to exchange websockets and keeps every frame, as received, in the raw bucket."""
