"""Makes a picture of the page smaller, with a palette of 256 colours: python3 palette.py PICTURE.png"""

import sys

from PIL import Image

picture = sys.argv[1]
image = Image.open(picture).convert("RGB")
image.quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)
