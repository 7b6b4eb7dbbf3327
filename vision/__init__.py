"""Cameras: pixels come in here and only what was seen, and masked evidence, goes out."""

import os

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 25))  # read when cv2 is imported
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # its warnings about hostile pictures
