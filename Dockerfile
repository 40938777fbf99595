# Build: docker build -t stt-studio .    Run: docker compose up
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt

# Only root can change the code. The app writes to /data only.
RUN useradd --uid 10001 --create-home stt && mkdir /data && chown stt:stt /data
COPY . .
USER stt
ENV STT_DATA_DIR=/data
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/healthz', timeout=4)"]

STOPSIGNAL SIGTERM
CMD ["streamlit", "run", "streamlit_app.py", "--server.port=8501", "--server.address=0.0.0.0"]
