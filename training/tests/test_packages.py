"""What the ecosystems' own listings say of packages."""

import json

from packages import go_modules


def test_go_modules_have_the_licence_of_their_file(tmp_path):
    root = tmp_path / "webrtc@v4.0.0"
    (root / "LICENSES").mkdir(parents=True)
    (root / "LICENSE").write_bytes(b"MIT License\n\xff\nPermission is hereby granted, free of charge, to any person")
    listing = tmp_path / "modules.json"
    listing.write_text(json.dumps({"Path": "example.org/webrtc", "Version": "v4.0.0", "Dir": str(root)}))
    [module] = go_modules(listing)
    assert (module.id, module.version, module.licence_of("a.go")) == ("go:example.org/webrtc", "v4.0.0", "MIT")
