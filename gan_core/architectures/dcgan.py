"""Deep convolutional GAN.\n\nFour by four and up.\n"""
MAX_SIZE = 512
