"""Small PNG and JPEG images of every kind that is read, and their pixels as Pillow 13 decodes and resizes them.

usage: make_images.py FOLDER     (Golden/images)

images.json: for each file its width and height, and the bytes of its pixels in base64: `rgb` and `grey` where Pillow's
conversion is that of the decoder (JPEG's own luma; PNGs that are grey), `resized` for other sizes of the RGB pixels.
"""

import base64
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
height, width = 19, 23
y, x = np.mgrid[0:height, 0:width]
smooth = np.stack([x * 255 / (width - 1), y * 255 / (height - 1), 128 + 100 * np.sin(x / 3) * np.cos(y / 4)], -1)
rgb = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
grey = rgb[..., 1]
colour, plain = Image.fromarray(rgb), Image.fromarray(grey)
clear = np.concatenate([rgb, np.where((x + y) % 5 == 0, 0, 255)[..., None].astype(np.uint8)], -1)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


files = {
    "rgb.png": saved(colour, format="PNG"),
    "grey.png": saved(plain, format="PNG"),
    "palette.png": saved(colour.quantize(16), format="PNG"),
    "clear.png": saved(Image.fromarray(clear), format="PNG"),
    "deep.png": saved(Image.fromarray(grey.astype(np.uint16) * 257), format="PNG"),
    "colour.jpg": saved(colour, format="JPEG", quality=90, subsampling=2),
    "progressive.jpeg": saved(colour, format="JPEG", quality=75, subsampling=0, progressive=True),
    "grey.jpg": saved(plain, format="JPEG", quality=85),
}
cmyk = saved(colour.convert("CMYK"), format="JPEG")
(folder / "cmyk.jpg").write_bytes(cmyk)
found = []
for name, data in files.items():
    (folder / name).write_bytes(data)
    image = Image.open(io.BytesIO(data))
    if name == "clear.png":
        pixels = clear[..., :3] * (clear[..., 3:] // 255)
    elif name == "deep.png":
        pixels = np.repeat(grey[..., None], 3, -1)
    else:
        pixels = np.asarray(image.convert("RGB"))
    entry = {"file": name, "width": width, "height": height, "rgb": text(pixels)}
    if "grey" in name or name == "deep.png":
        entry["grey"] = text(pixels[..., 0])
    source = Image.fromarray(pixels)
    entry["resized"] = [
        {"width": w, "height": h, "rgb": text(np.asarray(source.resize((w, h), Image.Resampling.BILINEAR)))}
        for w, h in ((7, 5), (31, 40), (11, 40))
    ]
    found.append(entry)
(folder / "images.json").write_text(json.dumps(found, indent=1) + "\n")
