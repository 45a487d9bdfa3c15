"""Makes one moving picture of the frames of a recording: python3 recording.py FRAMES PICTURE.webp"""

import glob
import sys

from PIL import Image

frames, picture = sys.argv[1:]
images = [Image.open(name).convert("RGB") for name in sorted(glob.glob(f"{frames}/*.png"))]
width = 900
small = [image.resize((width, image.height * width // image.width), Image.LANCZOS) for image in images]
spans = [700] * (len(small) - 1) + [5000]  # milliseconds a frame; the verdict stays
small[0].save(picture, save_all=True, append_images=small[1:], duration=spans, loop=0, quality=34, method=6)
print(f"{picture}: {len(small)} frames")
