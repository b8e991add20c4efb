"""Train GANs on image collections: configuration, images, architectures, the training loop, sampling and export.

Everything needed to *describe* a training run imports without torch; `gan_core.train`, `gan_core.sampling` and
`gan_core.export` need it. Run it as `python -m gan_core --help`.
"""

__version__ = "1.0.0"
